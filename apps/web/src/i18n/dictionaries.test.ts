import { problemCodes } from '@tamga/model'
import { describe, expect, test } from 'vitest'
import { en } from './en/index.ts'
import { kk } from './kk/index.ts'
import type { Message } from './message.ts'
import { ru } from './ru/index.ts'

const flat = (dictionary: object): [string, Message][] =>
  Object.entries(dictionary).flatMap(([section, messages]) =>
    Object.entries(messages as Record<string, Message>).map(([name, message]): [string, Message] => [
      `${section}.${name}`,
      message,
    ]),
  )

const texts = (message: Message): string[] =>
  typeof message === 'string' ? [message] : Object.values<string>({ ...message })
const placesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, place]) => place!)
const required = (message: Message) => new Set(texts(message).flatMap((text) => placesIn(text.replace(/‹[^›]*›/g, ''))))
const all = (message: Message) => new Set(texts(message).flatMap(placesIn))

const english = new Map(flat(en))

describe.each([
  ['ru', ru],
  ['kk', kk],
])('%s', (name, dictionary) => {
  const messages = flat(dictionary)

  test('has the keys of English', () => {
    expect(messages.map(([key]) => key).sort()).toEqual([...english.keys()].sort())
  })

  test('asks for no place that English does not have', () => {
    const wrong = messages.filter(([key, message]) => {
      const known = all(english.get(key)!)
      return [...all(message)].some((place) => !known.has(place) && place !== 'n')
    })
    expect(wrong.map(([key]) => key)).toEqual([])
  })

  test('needs no detail of a refusal that English can do without', () => {
    const wrong = messages.filter(([key, message]) => {
      const needed = required(english.get(key)!)
      return key.startsWith('problems.') && [...required(message)].some((place) => !needed.has(place))
    })
    expect(wrong.map(([key]) => key)).toEqual([])
  })

  test('is written in its own letters', () => {
    const foreign = (text: string) => /\p{L}/u.test(text) && !/[а-яё]/i.test(text)
    const latin = messages.filter(([, message]) => texts(message).some((text) => foreign(text.replace(/\{\w+\}/g, ''))))
    expect(latin.map(([key]) => key)).toEqual([])
  })

  test('counts in all forms of its grammar', () => {
    const wanted = new Intl.PluralRules(name).resolvedOptions().pluralCategories
    const short = messages.filter(
      ([, message]) => typeof message !== 'string' && wanted.some((form) => !(form in message)),
    )
    expect(short.map(([key]) => key)).toEqual([])
  })
})

test.each([
  ['en', en],
  ['ru', ru],
  ['kk', kk],
])('%s speaks calmly: no shouting, no begging, no blame', (_, dictionary) => {
  const loud = flat(dictionary).filter(([, message]) =>
    texts(message).some((text) => /!|пожалуйста|please|ошибка|қате|invalid|failed to/i.test(text)),
  )
  expect(loud.map(([key]) => key)).toEqual([])
})

test('every refusal has a sentence that ends as one', () => {
  for (const dictionary of [en, ru, kk])
    for (const code of problemCodes) expect(dictionary.problems[code]).toMatch(/[.»›]$/)
})

test('every word is said on some page', () => {
  const pages = import.meta.glob<string>(['../**/*.{ts,svelte}', '!./{en,ru,kk}/**'], {
    query: '?raw',
    import: 'default',
    eager: true,
  })
  const source = Object.values(pages).join('\n')
  // `states.${state}`: whatever begins so may be said.
  const beginnings = [...source.matchAll(/`(\w+\.\w*)\$\{/g)].map(([, beginning]) => beginning!)
  const isSaid = (key: string) => source.includes(key) || beginnings.some((beginning) => key.startsWith(beginning))
  expect([...english.keys()].filter((key) => !isSaid(key))).toEqual([])
})
