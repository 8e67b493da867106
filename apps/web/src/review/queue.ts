import type { State } from '@tamga/model'

/** What the order of a walk depends on. */
export interface Stop {
  readonly id: string
  readonly state: State
  /** I have decided on exactly this content: what is still missing, others must say. */
  readonly mine: boolean
}

// Where people disagree first, then what fell out of its approval, then what is begun, then what is new.
const ranks: Readonly<Record<State, number | null>> = {
  disputed: 0,
  changed: 1,
  gone: 1,
  partly: 2,
  open: 3,
  approved: null,
  rejected: null,
}
const LATER = 4

/** True if the stop waits for me. A `gone` one does if it is in the list at all: it was approved and then removed. */
export const waitsForMe = ({ state, mine }: Stop): boolean => ranks[state] !== null && !mine

interface Placed {
  readonly id: string
  readonly rank: number
  readonly place: number
}

/**
 * The stops that wait for me in the order of the walk: by rank, each rank in the order of the list (reading order), and
 * those put off until later at the end, in the order in which they were put off.
 */
export const queueOf = (stops: readonly Stop[], later: readonly string[] = []): string[] =>
  placed(stops, later).map(({ id }) => id)

function placed(stops: readonly Stop[], later: readonly string[]): Placed[] {
  return stops
    .flatMap((stop, i): Placed[] => {
      const putOff = later.indexOf(stop.id)
      if (!waitsForMe(stop)) return []
      return [
        putOff < 0 ? { id: stop.id, rank: ranks[stop.state]!, place: i } : { id: stop.id, rank: LATER, place: putOff },
      ]
    })
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
}

/**
 * Where the walk goes from a stop (null: from the beginning): on within the most urgent rank, from its end to its
 * beginning. Null if no other stop waits for me.
 */
export function nextStop(stops: readonly Stop[], later: readonly string[], from: string | null): string | null {
  const queue = placed(stops, later).filter(({ id }) => id !== from)
  const [first] = queue
  if (!first) return null
  const at = stops.findIndex(({ id }) => id === from)
  const onwards = queue.find(({ rank, place }) => rank === first.rank && rank !== LATER && place > at)
  return (onwards ?? first).id
}
