import type { Locale } from '@tamga/model'
import type { Forms } from './message.ts'

/**
 * Plural rules, numbers and dates of the three languages. Chromium claims Kazakh but has only its plural rules (months
 * come out as "M01", numbers as English), so Kazakh months stand here and its numbers are written as Russian ones are.
 */
const numberLocale: Record<Locale, string> = { en: 'en', ru: 'ru', kk: 'ru' }

const months: Record<Locale, readonly string[]> = {
  en: [
    'January',
    'February',
    'March',
    'April',
    'May',
    'June',
    'July',
    'August',
    'September',
    'October',
    'November',
    'December',
  ],
  ru: [
    'января',
    'февраля',
    'марта',
    'апреля',
    'мая',
    'июня',
    'июля',
    'августа',
    'сентября',
    'октября',
    'ноября',
    'декабря',
  ],
  kk: [
    'қаңтар',
    'ақпан',
    'наурыз',
    'сәуір',
    'мамыр',
    'маусым',
    'шілде',
    'тамыз',
    'қыркүйек',
    'қазан',
    'қараша',
    'желтоқсан',
  ],
}

export const pluralOf = (locale: Locale, n: number): keyof Forms =>
  new Intl.PluralRules(locale).select(n) as keyof Forms

/** A whole number or a fraction with the language's separators; a group is joined by a space that does not break. */
export const numberOf = (locale: Locale, n: number): string => new Intl.NumberFormat(numberLocale[locale]).format(n)

/** The day of an ISO date or instant in figures, as tables have it: `10.09.2025`; English `10 Sep 2025`. */
export function dayOf(locale: Locale, at: string | Date): string {
  const [year, month, day] = parts(at)
  if (locale === 'en') return `${day} ${months.en[month - 1]!.slice(0, 3)} ${year}`
  return `${pad(day)}.${pad(month)}.${year}`
}

/** The day in words: `18 November 2025`, `18 ноября 2025 г.`, `2025 ж. 18 қараша`. */
export function longDayOf(locale: Locale, at: string | Date): string {
  const [year, month, day] = parts(at)
  const name = months[locale][month - 1]!
  if (locale === 'kk') return `${year} ж. ${day} ${name}`
  return locale === 'ru' ? `${day} ${name} ${year} г.` : `${day} ${name} ${year}`
}

/** Hours and minutes on the reader's clock: `14:40`. */
export function clockOf(at: string | Date): string {
  const date = new Date(at)
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`
}

const pad = (n: number) => String(n).padStart(2, '0')

/** A bare date has no time zone and must not shift with the reader's. */
function parts(at: string | Date): [year: number, month: number, day: number] {
  const bare = typeof at === 'string' ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(at) : null
  if (bare) return [Number(bare[1]), Number(bare[2]), Number(bare[3])]
  const date = new Date(at)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
}
