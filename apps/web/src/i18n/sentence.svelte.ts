import { actions, leastRole, roles, type ProblemCode, type ProblemDetails } from '@tamga/model'
import { layout } from '../ui/keyboard.svelte.ts'
import { bothCaps } from '../ui/caps.ts'
import { locale, t, tIn } from './index.svelte.ts'
import type { Fill } from './message.ts'

/** What a refusal is told from; a `Problem` is one, and so is a line of an import report. */
export interface Refused {
  readonly code: ProblemCode
  readonly details: ProblemDetails
}

/** The sentence of a refusal in the reader's language, with keys as caps and roles as words. */
export const sentenceOf = ({ code, details }: Refused): string =>
  tIn(locale(), `problems.${code}`, told(details)).replace(/\{\w+\}/g, '…')

function told(details: ProblemDetails): Fill {
  const known = Object.entries(details).flatMap(([name, value]) => (value === null ? [] : [[name, word(name, value)]]))
  const action = actions.find((action) => action === details.action)
  return Object.fromEntries([...known, ...(action ? [['need', word('need', leastRole(action))]] : [])]) as Fill
}

function word(name: string, value: string | number): string | number {
  if (typeof value === 'number') return value
  if (name === 'key') return bothCaps(value, layout())
  const role = roles.find((role) => role === value)
  return role ? t(`common.role_${role}`) : value
}
