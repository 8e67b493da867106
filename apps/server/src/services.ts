import { randomBytes } from 'node:crypto'
import { idFrom, ID_BYTES } from '@tamga/model'
import { Segmenter } from './articles/segmenter.ts'
import { alone, type Bus } from './bus.ts'
import type { DiskState } from './db/disk.ts'
import type { Database, Db } from './db/open.ts'
import { DEFAULT_PORT } from './env.ts'
import { FactNotifier } from './facts.ts'
import { openLog, type Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { originsOf, type Origins } from './origins.ts'
import { openRateLimits, type RateLimits } from './rate-limits.ts'

/** What every verb stands on: passed in, never imported, so that a test can have its own. */
export interface Services {
  readonly db: Db
  readonly kind: Database['kind']
  /** Whether what is written can be stored. */
  readonly disk: DiskState
  readonly origins: Origins
  /** The way to the other processes over this database. */
  readonly bus: Bus
  readonly notifier: FactNotifier
  readonly metrics: Metrics
  readonly log: Log
  /** What is counted of those who have no session. */
  readonly limits: RateLimits
  /** Reads and cuts texts that come in. */
  readonly segmenter: Segmenter
  /** True where the demo's people may be signed in by one click: loopback, and nowhere else. */
  readonly demo: boolean
  /** Who is in which article of a project right now: account ids by article id. */
  here(project: string): Readonly<Record<string, readonly string[]>>
  now(): Date
}

/** 96 random bits. */
export const newId = (): string => idFrom(randomBytes(ID_BYTES))

/** A secret for a link or a cookie: 160 random bits, hex. */
export const newSecret = (): string => randomBytes(20).toString('hex')

/**
 * Services around a database for work without a web server: nobody is anywhere, and nobody is let in. Texts come in only
 * with the built worker that cuts them.
 */
export function openServices(
  { db, kind, disk }: Pick<Database, 'db' | 'kind' | 'disk'>,
  publicUrl: string | null = null,
  segmentWorker: string | null = null,
): Services {
  const bus = alone()
  return {
    db,
    kind,
    disk,
    origins: originsOf(publicUrl, DEFAULT_PORT),
    bus,
    notifier: new FactNotifier(bus),
    metrics: new Metrics(),
    log: openLog({ json: false, level: 'warn' }, (text) => process.stderr.write(text)),
    limits: openRateLimits(),
    segmenter: new Segmenter(segmentWorker),
    demo: false,
    here: () => ({}),
    now: () => new Date(),
  }
}
