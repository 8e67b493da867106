import { locales } from '@tamga/model'
import { tIn } from '../i18n/index.svelte.ts'
import type { Command } from './command.ts'

/** Kazakh letters as they are typed on a Russian keyboard, so that «озгерту» finds «өзгерту». */
const folded: Readonly<Record<string, string>> = {
  ә: 'а',
  ғ: 'г',
  қ: 'к',
  ң: 'н',
  ө: 'о',
  ұ: 'у',
  ү: 'у',
  һ: 'х',
  і: 'и',
  ё: 'е',
}

export const fold = (text: string): string => text.toLowerCase().replace(/[әғқңөұүһіё]/g, (letter) => folded[letter]!)

/** True if every word of the query begins a word of the command's title, in any language of the interface. */
export function isFound(command: Command, query: string): boolean {
  const wanted = fold(query).split(/\s+/).filter(Boolean)
  return locales.some((locale) => {
    const words = fold(tIn(locale, command.title)).split(/[^\p{L}\p{N}]+/u)
    return wanted.every((word) => words.some((other) => other.startsWith(word)))
  })
}
