import { closeCodes } from '@tamga/collab'
import { Background } from './tasks.ts'
import type { ProblemCode } from '@tamga/model'
import type { Database } from './db/open.ts'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Half a millisecond to five seconds: a commit on a quiet disk, and a database that is about to be given up. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** What a socket may say when it closes that is not ours: going away, no code, broken off, too large a frame. */
const PLAIN_CLOSES = [1000, 1001, 1005, 1006, 1009]
const knownCloses: ReadonlySet<number> = new Set([...PLAIN_CLOSES, ...Object.values(closeCodes)])

/**
 * What a server counts of its own work. Labels take words from fixed lists alone (codes, route patterns), never an id or
 * anything that a client chose.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly background = new Background()

  // the live room
  readonly rooms = this.#gauge('tamga_rooms', 'Live rooms held in memory')
  readonly connections = this.#gauge('tamga_connections', 'Open sockets', 'kind')
  readonly flushSeconds = this.#histogram('tamga_flush_seconds', 'From the begin of a flush to its commit')
  readonly flushedUpdates = this.#counter('tamga_flushed_updates_total', 'Updates that flushes stored')
  readonly acks = this.#counter('tamga_acks_total', 'Acknowledgements sent')
  readonly #refusals = this.#counter('tamga_refusals_total', 'Values refused in live rooms', 'code')
  readonly #closes = this.#counter('tamga_closes_total', 'Sockets closed', 'code')
  readonly roomDrops = this.#counter('tamga_room_drops_total', 'Rooms given up because the database failed under them')
  readonly loadSeconds = this.#histogram('tamga_room_load_seconds', 'Loading a room from the database')
  readonly evictions = this.#counter('tamga_evictions_total', 'Idle rooms dropped from memory')
  readonly snapshots = this.#counter('tamga_snapshots_total', 'Snapshots of documents stored')
  readonly epochs = this.#counter('tamga_epochs_total', 'Documents begun anew without their past')
  readonly setAside = this.#counter('tamga_set_aside_total', 'Refused values kept for their writers')
  readonly catchUps = this.#counter('tamga_catch_ups_total', 'Times a room read what another process had written')

  readonly backgroundFailures = this.#counter(
    'tamga_background_failures_total',
    'Failures of what the server does by itself, other than that the database was away',
    'task',
  )

  // the web
  readonly requests = this.#counter('tamga_http_requests_total', 'HTTP requests', 'method', 'route', 'status')
  readonly requestSeconds = this.#histogram(
    'tamga_http_request_seconds',
    'HTTP requests, by duration',
    'method',
    'route',
  )

  // the database
  readonly databaseUp = this.#gauge('tamga_database_up', '1 while the database answers, else 0')
  readonly diskWritable = this.#gauge('tamga_disk_writable', '1 while the disk of the database takes writes, else 0')
  readonly logRows = this.#gauge('tamga_log_rows', 'Rows in the log of live edits, about')
  readonly logBytes = this.#gauge('tamga_log_bytes', 'What the log of live edits takes on disk')

  refused(code: ProblemCode): void {
    this.#refusals.inc({ code })
  }

  /** Counts a closed socket; a code that only its client can have made up counts as "other". */
  closed(code: number): void {
    this.#closes.inc({ code: knownCloses.has(code) ? String(code) : 'other' })
  }

  /** Adds memory, processor time and the event loop of this process. Once a process: it watches until the end. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry })
  }

  /** Shows the connections to the database, as they are when somebody looks. */
  watchConnections(database: Pick<Database, 'connections'>): void {
    new Gauge({
      name: 'tamga_database_connections',
      help: 'Connections to the database, and who waits for one',
      labelNames: ['state'],
      registers: [this.registry],
      collect() {
        for (const [state, n] of Object.entries(database.connections())) this.set({ state }, n)
      },
    })
  }

  #gauge<L extends string>(name: string, help: string, ...labelNames: L[]) {
    return new Gauge<L>({ name, help, labelNames, registers: [this.registry] })
  }

  #counter<L extends string>(name: string, help: string, ...labelNames: L[]) {
    return new Counter<L>({ name, help, labelNames, registers: [this.registry] })
  }

  #histogram<L extends string>(name: string, help: string, ...labelNames: L[]) {
    return new Histogram<L>({ name, help, labelNames, buckets: BUCKETS, registers: [this.registry] })
  }
}
