/** A counted message: the forms that Intl.PluralRules names. Russian has one, few and many; English and Kazakh have one and other. */
export interface Forms {
  readonly one: string
  readonly few?: string
  readonly many?: string
  readonly other: string
}

/** One entry of a dictionary: a sentence, or its plural forms by `{n}`. */
export type Message = string | Forms

/** What fills the `{places}` of a message. */
export type Fill = Readonly<Record<string, string | number>>

/** How a language chooses a form and writes a number. */
export interface Grammar {
  plural(n: number): keyof Forms
  number(n: number): string
}

/**
 * A message with its places filled. A stretch in ‹single quotes› is left out whole when a place inside it has no value,
 * so that one sentence serves refusals that know more and refusals that know less.
 */
export function fill(message: Message, values: Fill, grammar: Grammar): string {
  return fillPlaces(pick(message, values, grammar).replace(/‹([^›]*)›/g, optional(values)), values, grammar)
}

function pick(message: Message, values: Fill, grammar: Grammar): string {
  if (typeof message === 'string') return message
  const form = grammar.plural(Number(values.n ?? 0))
  return message[form] ?? message.other
}

const PLACE = /\{(\w+)\}/g

const optional = (values: Fill) => (_: string, inner: string) =>
  [...inner.matchAll(PLACE)].every(([, name]) => values[name!] !== undefined) ? inner : ''

const fillPlaces = (text: string, values: Fill, grammar: Grammar): string =>
  text.replace(PLACE, (place, name: string) => {
    const value = values[name]
    if (value === undefined) return place
    return typeof value === 'number' ? grammar.number(value) : value
  })
