import { Stop } from './stop.mjs'

/** The value of an option that takes a whole number from 0 to 2³¹ − 1; stops with a sentence that names the option. */
export function wholeNumber(option, value) {
  const number = Number(value)
  if (value === '' || !Number.isInteger(number) || number < 0 || number >= 2 ** 31)
    throw new Stop(`${option} takes a whole number below 2147483648, not "${value}".`)
  return number
}
