import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createConsole } from '@tamga/server/console'
import { FolderInUse, openDatabase, type Database } from '@tamga/server/database'
import { readPublicUrl } from '@tamga/server/env'
import { openServices } from '@tamga/server/services'

/** A way to ask the console of a data folder or a database: of the server that has it open, or in process. */
export interface ServerSocket {
  /** Posts JSON and answers the response; a refusal is thrown as an Error with its sentence. */
  ask(path: string, body: object): Promise<Response>
  close(): Promise<void>
}

/** Opens the console of `data`, or of the Postgres that DATABASE_URL names. Makes no folder where there is none. */
export async function openServerSocket(data: string): Promise<ServerSocket> {
  const url = process.env.DATABASE_URL
  if (!url && !existsSync(join(data, 'VERSION')))
    throw new Error(`There is no data folder of Tamga at "${data}". Name it with --data, as npm start did.`)
  const publicUrl = readPublicUrl(process.env.PUBLIC_URL)
  const source = url ? { url } : { dir: data, worker: join(import.meta.dirname, 'pglite-worker.js') }
  try {
    return inProcess(await openDatabase(source), publicUrl)
  } catch (error) {
    if (error instanceof FolderInUse) return throughSocket(error)
    throw error
  }
}

function inProcess(database: Database, publicUrl: string | null): ServerSocket {
  const console = createConsole(openServices(database, publicUrl))
  return {
    ask: async (path, body) =>
      checked(await console.request(path, { method: 'POST', body: JSON.stringify(body), headers: json })),
    close: () => database.close(),
  }
}

function throughSocket({ message, holder }: FolderInUse): ServerSocket {
  const socketPath = holder?.socket
  if (!socketPath) throw new Error(`${message} It does not answer the command line yet: try again, or stop it first.`)
  return {
    ask: (path, body) =>
      new Promise((resolve, reject) => {
        const ask = request({ socketPath, path, method: 'POST', headers: json }, (answer) => {
          const stream = Readable.toWeb(answer) as ReadableStream<Uint8Array>
          resolve(checked(new Response(stream, { status: answer.statusCode ?? 500 })))
        })
        ask.on('error', ({ message: reason }) => reject(new Error(unreachable(message, reason))))
        ask.end(JSON.stringify(body))
      }),
    close: () => Promise.resolve(),
  }
}

/** Its socket lies in a folder of its own machine or container, which may not be this one. */
const unreachable = (inUse: string, reason: string) =>
  `${inUse} Its command line cannot be reached from here (${reason}): run this command where it runs, as its user.`

const json = { 'content-type': 'application/json' }

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response
  const { code, details } = (await response.json()) as { code: string; details: Record<string, unknown> }
  throw new Error(sentenceOf(code, details))
}

/** What a refusal of the console means for whoever typed the command. */
export function sentenceOf(code: string, details: Readonly<Record<string, unknown>>): string {
  const told = (name: string) => String(details[name])
  if (code === 'malformed' && 'takes' in details) return `--${told('field')} takes one of: ${told('takes')}.`
  if (code === 'malformed') return `--${told('field')} has a value that cannot be read. --help tells what it takes.`
  if (code === 'not_found' && 'several' in details)
    return `Several projects are called "${told('project')}". Name one by its id: ${told('several')}.`
  if (code === 'not_found' && 'project' in details)
    return `There is no project "${told('project')}" here. There are: ${told('there')}.`
  if (code === 'not_found')
    return `There is no account "${told('email')}" here. Give the e-mail address or sign-in name as the people page shows it.`
  return sentences[code] ?? `Refused: ${code}.`
}

const sentences: Record<string, string> = {
  spans_would_be_lost:
    'Nothing was written: this format cannot carry every span. Choose another --policy, or --format jsonl.',
  nothing_to_export: 'Nothing was written: no article is signed off. Add --include all to take the others too.',
  busy: 'The database is busy or away, and nothing was done. Try again in a moment.',
}
