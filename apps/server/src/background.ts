import { isBusy, isDisconnected } from './db/transact.ts'
import type { Services } from './services.ts'
import type { Task } from './tasks.ts'

type Told = Pick<Services, 'log' | 'metrics' | 'disk'>

/**
 * Tells of the failure of a task. That the database is away, that somebody held what it wanted, or that the disk takes no
 * writes, is no news: others say it, and the next run mends it. All else is logged with its stack and counted, and shows in
 * `/readyz` when it repeats.
 */
export function taskFailed({ log, metrics, disk }: Told, task: Task, err: unknown): void {
  if (isDisconnected(err) || isBusy(err) || disk.note(err) !== null) return
  const inARow = metrics.background.failed(task)
  metrics.backgroundFailures.inc({ task })
  log.error({ err, task, inARow }, 'a background task failed')
}

export interface Repeated {
  /** Runs it at once, unless it runs already. */
  now(): void
  readonly stop: () => Promise<void>
}

/**
 * Does something every so often, however slow the database is, and never twice at once. Answers how to end that: it waits
 * for a run that is under way.
 */
export function every(services: Told, task: Task, ms: number, act: () => unknown): Repeated {
  let running: Promise<void> | null = null
  const run = () => {
    running ??= Promise.resolve()
      .then(act)
      .then(
        () => services.metrics.background.succeeded(task),
        (error: unknown) => taskFailed(services, task, error),
      )
      .finally(() => (running = null))
  }
  const timer = setInterval(run, ms)
  timer.unref()
  const stop = async () => {
    clearInterval(timer)
    await running
  }
  return { now: run, stop }
}
