import { isInDialog, isWriting, matches, type Keys } from '../ui/keys.ts'
import { applies, type Command } from './command.ts'

/**
 * The command that a key press means, or null. Keys are places, not letters; while somebody writes in a field only
 * commands that say so are meant, and while a dialog or menu has the keyboard none is.
 */
export function commandOf(event: KeyboardEvent, commands: readonly Command[]): Command | null {
  if (event.defaultPrevented || event.isComposing) return null
  const writing = isWriting(event.target)
  const meant = commands.filter((command) => command.keys?.some((keys) => matches(event, keys)))
  return (
    meant.findLast(
      (command) => (!writing || command.inFields) && (!event.repeat || command.repeats) && applies(command),
    ) ?? null
  )
}

/** Runs the commands of `list` by their keys until what it returns is called. */
export function dispatchKeys(list: () => readonly Command[]): () => void {
  const press = (event: KeyboardEvent) => {
    if (isInDialog(event.target)) return
    const command = commandOf(event, list())
    if (!command) return
    event.preventDefault()
    command.run()
  }
  addEventListener('keydown', press)
  return () => removeEventListener('keydown', press)
}

/** One key that two commands want, with their ids: what the clash test prints. */
export interface Clash {
  readonly keys: Keys
  readonly ids: readonly string[]
}

/** Keys that more than one of the commands wants. Lists that never stand together are asked about separately. */
export function clashesOf(commands: readonly Command[]): Clash[] {
  const wanted = new Map<Keys, string[]>()
  for (const command of commands)
    for (const keys of command.keys ?? []) wanted.set(keys, [...(wanted.get(keys) ?? []), command.id])
  return [...wanted].filter(([, ids]) => ids.length > 1).map(([keys, ids]) => ({ keys, ids }))
}

/** Keys of commands that lie in the labels' range: a plain letter or digit. They belong to labels. */
export const inLabelRange = (commands: readonly Command[]): Keys[] =>
  commands.flatMap((command) => command.keys ?? []).filter((keys) => /^(Key[A-Z]|Digit\d)$/.test(keys))
