import { locales, type Locale } from '@tamga/model'
import { Persisted } from '../runes/persisted.svelte.ts'
import { en } from './en/index.ts'
import { clockOf, dayOf, longDayOf, numberOf, pluralOf } from './format.ts'
import { kk } from './kk/index.ts'
import { fill, type Fill, type Grammar, type Message } from './message.ts'
import { ru } from './ru/index.ts'
import type { Dictionary, MessageKey, PlacesOf } from './dictionary.ts'

export type { MessageKey, PlainKey } from './dictionary.ts'

const dictionaries: Readonly<Record<Locale, Dictionary>> = { en, ru, kk }

/** The language's own name, as its speakers look for it. */
export const localeNames: Readonly<Record<Locale, string>> = { kk: 'Қазақша', ru: 'Русский', en: 'English' }

const isLocale = (value: unknown): value is Locale => locales.some((locale) => locale === value)

const preferred = (): Locale => navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLocale) ?? 'en'

const chosen = new Persisted<Locale>('locale', preferred(), isLocale)

/** The language of the interface; reading it inside a component follows every change. */
export const locale = (): Locale => chosen.value

export const setLocale = (next: Locale) => void (chosen.value = next)

/** Tells the browser and its readers-aloud what language the page is in. Run it as an effect. */
export function markDocument() {
  document.documentElement.lang = chosen.value
}

const grammarOf = (locale: Locale): Grammar => ({
  plural: (n) => pluralOf(locale, n),
  number: (n) => numberOf(locale, n),
})

type Args<K extends MessageKey> = [PlacesOf<K>] extends [never] ? [] : [Readonly<Record<PlacesOf<K>, string | number>>]

/**
 * The message of a key in the reader's language, its `{places}` filled; the compiler asks for every place the English
 * text has. Numbers are written by the language's rules, and `n` chooses the plural form.
 */
export function t<K extends MessageKey>(key: K, ...[values]: Args<K>): string {
  return tIn(chosen.value, key, values)
}

/** The same in a language of one's choice: what the palette searches. */
export function tIn(language: Locale, key: MessageKey, values: Fill = {}): string {
  return fill(messageOf(language, key), values, grammarOf(language))
}

function messageOf(language: Locale, key: MessageKey): Message {
  const [section, name] = key.split('.') as [keyof Dictionary, string]
  return (dictionaries[language][section] as Readonly<Record<string, Message>>)[name]!
}

export const number = (n: number): string => numberOf(chosen.value, n)
export const clock = clockOf
export const day = (at: string | Date): string => dayOf(chosen.value, at)
export const longDay = (at: string | Date): string => longDayOf(chosen.value, at)
/** `14:40` today, else the day in figures. */
export const moment = (at: string | Date): string =>
  new Date(at).toDateString() === new Date().toDateString() ? clockOf(at) : day(at)
