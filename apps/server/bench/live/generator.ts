import { fork } from 'node:child_process'
import { join } from 'node:path'

/** One connection that is to be made. `room` is named in every message where a server asks for that. */
export interface Participant {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly room: string | null
}

export interface Percentiles {
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
}

/** So many updates a second, and how many milliseconds the last of them may take to come. */
export interface Writing {
  readonly rate: number
  readonly seconds: number
  readonly patience: number
}

/** What came of writing at a rate: milliseconds from when an update was sent, or was due, until another client had it. */
export interface Run {
  readonly asked: number
  readonly sent: number
  readonly missing: number
  readonly closed: readonly number[]
  /** How late the generator itself was. */
  readonly late: Percentiles
  readonly fromSent: Percentiles
  readonly fromDue: Percentiles
}

/** A document to be made: so many annotations, each changed so often, so many writes in one update. */
export interface Shape {
  readonly annotations: number
  readonly changes: number
  readonly each: number
}

interface Verbs {
  gather(asked: { participants: readonly Participant[]; perRoom: number }): null
  write(asked: Writing): Run
  disperse(asked: object): null
  sit(asked: { participants: readonly Participant[]; group: string }): null
  rise(asked: { group: string }): null
  fill(asked: Shape & { participant: Participant; acknowledges: boolean }): null
  join(asked: { participant: Participant }): { ms: number; bytes: number; keys: number }
  storm(asked: { participant: Participant; rate: number }): null
  calm(asked: object): { written: number[]; acked: number[]; seen: number[] }
  look(asked: { participant: Participant; ms: number }): { first: number[]; later: number[] }
}

/** The process that plays all clients. */
export type Generator = ReturnType<typeof startGenerator>

export function startGenerator() {
  const child = fork(join(import.meta.dirname, 'generator.mjs'), { serialization: 'advanced', stdio: 'inherit' })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let last = 0
  child.on('message', ({ id, answer, error }: { id: number; answer: never; error?: string }) => {
    const asker = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asker?.resolve(answer)
    else asker?.reject(new Error(error))
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the generator ended with ${code}`))
  })
  return {
    ask: <V extends keyof Verbs>(verb: V, asked: Parameters<Verbs[V]>[0]): Promise<ReturnType<Verbs[V]>> =>
      new Promise((resolve, reject) => {
        waiting.set(++last, { resolve, reject })
        child.send({ id: last, verb, asked })
      }),
    stop: () => void child.kill('SIGKILL'),
  }
}
