/**
 * A key combination as data: `mod+KeyK`, `shift+ArrowRight`, `Digit1`. The last part is an `event.code`, so it holds in
 * every layout; `mod` is Ctrl, on a Mac ⌘. `char:?` stands for a character that layouts keep in different places.
 */
export type Keys = string

export interface Combination {
  readonly mod: boolean
  readonly shift: boolean
  readonly alt: boolean
  readonly code: string
}

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform)

export function combinationOf(keys: Keys): Combination {
  const parts = keys.split('+')
  const code = parts.at(-1) ?? ''
  return { mod: parts.includes('mod'), shift: parts.includes('shift'), alt: parts.includes('alt'), code }
}

/** Does this press match? A character matches whatever Shift it took. */
export function matches(event: KeyboardEvent, keys: Keys): boolean {
  const { mod, shift, alt, code } = combinationOf(keys)
  if ((isMac() ? event.metaKey : event.ctrlKey) !== mod || event.altKey !== alt) return false
  if (code.startsWith('char:')) return event.key === code.slice('char:'.length)
  return event.shiftKey === shift && event.code === code
}

/** Is somebody writing there, so that letters are letters? */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'submit', 'file'].includes(target.type)
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}

/** Has a dialog or a menu the keyboard there? */
export const isInDialog = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role="dialog"], [role="menu"]') !== null

/** Has a button or a link the focus? Space and Enter belong to it then. */
export const isOnControl = (): boolean =>
  document.activeElement?.matches('button, a, summary, [role="button"]') ?? false
