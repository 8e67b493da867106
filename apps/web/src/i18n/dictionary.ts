import type { en } from './en/index.ts'
import type { Forms } from './message.ts'

type English = typeof en
type Section = keyof English

/** The same keys as English, sentence for sentence and plural for plural; texts are each language's own. */
type Translated<S> = { readonly [K in keyof S]: S[K] extends string ? string : Forms }
export type Dictionary = { readonly [S in Section]: Translated<English[S]> }
/** What a section file of another language must satisfy: `satisfies SectionOf<'auth'>`. */
export type SectionOf<S extends Section> = Dictionary[S]

/** `auth.signIn`, `projects.articles` … */
export type MessageKey = { [S in Section]: `${S}.${keyof English[S] & string}` }[Section]

type MessageAt<K extends MessageKey> = K extends `${infer S extends Section}.${infer N}`
  ? N extends keyof English[S]
    ? English[S][N]
    : never
  : never

type Places<T extends string> = T extends `${string}{${infer P}}${infer Rest}` ? P | Places<Rest> : never

/** The names of the places that the English text of a key has. */
export type PlacesOf<K extends MessageKey> =
  MessageAt<K> extends infer M
    ? M extends string
      ? Places<M>
      : M extends Forms
        ? 'n' | Places<M['other']>
        : never
    : never

/** The keys of messages without places: names of commands, columns, states. */
export type PlainKey = { [K in MessageKey]: [PlacesOf<K>] extends [never] ? K : never }[MessageKey]
