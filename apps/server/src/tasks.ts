/** What a server does by itself, without anybody who waits for the answer. */
export const tasks = [
  'presence',
  'facts',
  'revoked',
  'sessions',
  'heads',
  'counts',
  'rooms',
  'sweep',
  'beat',
  'snapshot',
  'epoch',
  'settings',
  'erasure',
  'removal',
  'upkeep',
] as const
export type Task = (typeof tasks)[number]

/** So many failures of a task without a success between them are worth a word to whoever asks how the server is. */
const REPEATS = 3

/** The tasks that fail again and again: how often each did since it last succeeded. */
export class Background {
  readonly #failures = new Map<Task, number>()

  /** Notes a failure, and answers how many there were in a row. */
  failed(task: Task): number {
    const n = (this.#failures.get(task) ?? 0) + 1
    this.#failures.set(task, n)
    return n
  }

  succeeded(task: Task): void {
    this.#failures.delete(task)
  }

  get failing(): Task[] {
    return [...this.#failures].filter(([, n]) => n >= REPEATS).map(([task]) => task)
  }
}
