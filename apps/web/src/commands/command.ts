import type { PlainKey } from '../i18n/index.svelte.ts'
import type { Keys } from '../ui/keys.ts'

export const commandGroups = ['span', 'review', 'article', 'project', 'go', 'app'] as const
export type CommandGroup = (typeof commandGroups)[number]

/** A thing one can do, as data: key, palette, help sheet and clash test follow from it. */
export interface Command {
  readonly id: string
  /** Its name in every language, so that the palette finds it in any of them. */
  readonly title: PlainKey
  /** What it would act on, beside the title: «Бану Нургазиева». */
  readonly about?: () => string
  readonly group: CommandGroup
  /** By place on the keyboard: `mod+KeyK`, `ArrowRight`. The first is the one that is shown. */
  readonly keys?: readonly Keys[]
  /** Holds its keys while somebody writes in a field. */
  readonly inFields?: boolean
  /** Keeps firing while the key is held down. */
  readonly repeats?: boolean
  /** The dry run: true if it can run, a sentence if it cannot and why, false where it has no place at all. */
  readonly when?: () => boolean | string
  readonly run: () => unknown
}

/** True if it can run now. */
export const applies = (command: Command): boolean => command.when?.() !== false && typeof command.when?.() !== 'string'
