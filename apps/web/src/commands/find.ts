import { fold } from '@tamga/language'
import { locales } from '@tamga/model'
import { tIn } from '../i18n/index.svelte.ts'
import type { Command } from './command.ts'

/**
 * True if every word of the query begins a word of the command's title, in any language of the interface; Kazakh words
 * are found as one types them on a Russian keyboard too («озгерту» finds «өзгерту»).
 */
export function isFound(command: Command, query: string): boolean {
  const wanted = fold(query).split(/\s+/).filter(Boolean)
  return locales.some((locale) => {
    const words = fold(tIn(locale, command.title)).split(/[^\p{L}\p{N}]+/u)
    return wanted.every((word) => words.some((other) => other.startsWith(word)))
  })
}
