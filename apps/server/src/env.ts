import { parseArgs } from 'node:util'
import { readLimits, type LimitSettings } from './limit-settings.ts'
import { logLevels, type LogOptions } from './log.ts'
import usageText from './usage.txt?raw'

/** How a server was asked to run: from its arguments and its environment. */
export interface Env {
  readonly port: number
  /** True if the port was named: then a taken one is an error, else the next free one is used. */
  readonly portAsked: boolean
  readonly host: string
  readonly data: string
  /** True if a data folder is to be opened that is a copy of one in use, or of one whose server was killed. */
  readonly takeCopy: boolean
  readonly demo: boolean
  readonly databaseUrl: string | null
  /** Where the other processes over the same Postgres are met; null for a server that is alone. */
  readonly redisUrl: string | null
  /** The origin under which people reach the server, without a trailing slash; null on loopback. */
  readonly publicUrl: string | null
  readonly log: LogOptions
  /** Who sends it may read the metrics from another machine; null for nobody. */
  readonly metricsToken: string | null
  /** What is allowed before a session is shown, and whose word on a client's address is believed. */
  readonly limits: LimitSettings
  readonly help: boolean
}

export const DEFAULT_PORT = 4173

/**
 * Reads the command line and the environment; `terminal` says if a person reads along. Throws an Error whose message is
 * for the person who typed it.
 */
export function readEnv(args: readonly string[], env: NodeJS.ProcessEnv, terminal: boolean): Env {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      data: { type: 'string', default: 'data' },
      'take-copy': { type: 'boolean', default: false },
      'no-demo': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const port = values.port === undefined ? DEFAULT_PORT : Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port takes a number from 0 to 65535, not "${values.port}"`)
  const publicUrl = readPublicUrl(env.PUBLIC_URL)
  if (isAnyAddress(values.host) && publicUrl === null)
    throw new Error(
      `--host ${values.host || '""'} listens on every address: say under which one people come, for example PUBLIC_URL=http://192.168.1.20:${port}`,
    )
  return {
    port,
    portAsked: values.port !== undefined,
    host: values.host,
    data: values.data,
    takeCopy: values['take-copy'],
    demo: !values['no-demo'] && isLoopback(values.host) && publicUrl === null,
    databaseUrl: env.DATABASE_URL || null,
    redisUrl: readRedisUrl(env),
    publicUrl,
    log: readLog(env, terminal),
    metricsToken: env.METRICS_TOKEN || null,
    limits: readLimits(env),
    help: values.help,
  }
}

function readRedisUrl({ REDIS_URL, DATABASE_URL }: NodeJS.ProcessEnv): string | null {
  if (!REDIS_URL) return null
  // without its value: it may hold a password
  if (!URL.canParse(REDIS_URL) || !/^rediss?:\/\/./.test(REDIS_URL))
    throw new Error('REDIS_URL takes an address such as redis://127.0.0.1:6379 or rediss://:password@redis.example.org')
  if (!DATABASE_URL)
    throw new Error(
      'REDIS_URL is for several servers over one Postgres: name that with DATABASE_URL. The embedded database serves one.',
    )
  return REDIS_URL
}

function readLog({ LOG, LOG_LEVEL }: NodeJS.ProcessEnv, terminal: boolean): LogOptions {
  if (LOG && LOG !== 'json' && LOG !== 'text') throw new Error(`LOG takes json or text, not "${LOG}"`)
  const level = logLevels.find((name) => name === (LOG_LEVEL || 'info'))
  if (!level) throw new Error(`LOG_LEVEL takes one of ${logLevels.join(', ')}, not "${LOG_LEVEL}"`)
  return { json: LOG ? LOG === 'json' : !terminal, level }
}

/** The origin that PUBLIC_URL names; null if it is empty or not set. Throws an Error for the person who set it. */
export function readPublicUrl(value: string | undefined): string | null {
  if (!value) return null
  const url = URL.canParse(value) ? new URL(value) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/')
    throw new Error(`PUBLIC_URL takes an origin such as https://tamga.example.org, not "${value}"`)
  return url.origin
}

/**
 * True where a person reads along: one of the two streams goes to a terminal. Then no line of JSON stands between the lines
 * that are for persons, also where the other stream goes through a pipe.
 */
export const hasReader = ({ stdout, stderr }: Record<'stdout' | 'stderr', { isTTY?: boolean }>): boolean =>
  stdout.isTTY === true || stderr.isTTY === true

const isAnyAddress = (host: string) => ['', '0', '0.0.0.0', '::', '::0'].includes(host)

/** True for the names and addresses of this machine itself. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** What `npm start -- --help` prints. */
export const usage: string = usageText
