import { AsyncLocalStorage } from 'node:async_hooks'
import { pino, stdTimeFunctions, type Logger } from 'pino'

/**
 * What a server tells whoever runs it. `routine` is for what happens all the time (a request, a socket): told to a log,
 * kept from a terminal. Give it ids, codes and numbers; never content, an address, a cookie or a token.
 */
export type Log = Logger<'routine'>

export interface LogOptions {
  /** One JSON object a line, for programs; else short lines for a person. */
  readonly json: boolean
  readonly level: LogLevel
}

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export function openLog({ json, level }: LogOptions, write: (text: string) => void): Log {
  return pino<'routine'>(
    {
      level,
      base: json ? { pid: process.pid } : null,
      // beside info (30) for programs, beside debug (20) for persons
      customLevels: { routine: json ? 31 : 21 },
      formatters: { level: (name) => ({ level: name === 'routine' ? 'info' : name }) },
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: toldOf },
      mixin: () => ({ ...asking.getStore() }),
    },
    { write: (line) => write(withoutPasswords(json ? line : readable(line))) },
  )
}

/** A log that tells nobody. */
export const silent: Log = openLog({ json: true, level: 'silent' }, () => undefined)

/** Who asks for what is being done: on every line that is written meanwhile. */
export interface Asking {
  readonly request: string
  account?: string
}

const asking = new AsyncLocalStorage<Asking>()

/** Runs `act` and all that it begins in the name of a request. */
export const onBehalfOf = <T>(one: Asking, act: () => T): T => asking.run(one, act)

/** Says whose the request is that is being answered. */
export function isOf(account: string): void {
  const one = asking.getStore()
  if (one) one.account = account
}

/** A text without the passwords of the addresses in it: `postgres://ann:secret@host` and the like. */
export const withoutPasswords = (text: string): string => text.replace(/(\w+:\/\/[^\s:@/"']*):[^\s"']*@/g, '$1:***@')

/** What is told of an error: never its other fields, which hold rows, commands and addresses. */
function toldOf(error: unknown) {
  if (!(error instanceof Error)) return { type: typeof error, message: 'no error', stack: '' }
  const { code } = error as { code?: unknown }
  const told = quotes(error) ? (text: string) => text.replace(error.message, withoutQuotes(error.message)) : String
  return {
    type: error.name,
    message: told(error.message),
    ...(typeof code === 'string' && { code }),
    stack: told(error.stack ?? ''),
  }
}

/** True where the message quotes what could not be read: JSON, or a value that the database refused. */
const quotes = (error: Error) => error instanceof SyntaxError || 'severity' in error

/** Names of tables and constraints stay; what follows a colon, and any longer quotation, is somebody's text. */
const withoutQuotes = (message: string) => message.replace(/: ".*"$/s, ': …').replace(/"[^"]{64,}"|".*" is not/gs, '…')

interface Line {
  readonly level: string
  readonly time: string
  readonly msg?: string
  readonly err?: ReturnType<typeof toldOf>
}

/** "17:37:05 warn  room dropped  room=…", and below it the stack where that is a bug's. */
function readable(json: string): string {
  const { level, time, msg = '', err, ...more } = JSON.parse(json) as Line
  const fields = Object.entries(more).map(([name, value]) => `  ${name}=${String(value)}`)
  const said = `${time.slice(11, 19)} ${level.padEnd(5)} ${msg}${err ? `: ${err.message}` : ''}${fields.join('')}\n`
  return err?.stack && ['error', 'fatal'].includes(level) ? `${said}${err.stack}\n` : said
}
