import type { State } from '@tamga/model'

/** Neighbours in one state, drawn as one piece; named by the first of them. */
export interface Run {
  readonly id: string
  readonly state: State
  readonly length: number
}

/** The pieces of a strip of spans: one a span, or, if they are to be `joined`, one a run; the current one stands alone. */
export function runsOf(
  spans: readonly { readonly id: string; readonly state: State }[],
  current: string | null,
  joined: boolean,
): Run[] {
  const runs: Run[] = []
  for (const { id, state } of spans) {
    const last = runs.at(-1)
    const goesOn = joined && last?.state === state && id !== current && last.id !== current
    if (last && goesOn) runs[runs.length - 1] = { ...last, length: last.length + 1 }
    else runs.push({ id, state, length: 1 })
  }
  return runs
}
