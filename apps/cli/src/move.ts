import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FolderInUse, move as moveAll, openDatabase, type Database } from '@tamga/server/database'

/** `tamga move --to URL`: everything of a data folder into an empty Postgres. The folder stays as it is. */
export async function move(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { data: { type: 'string', default: 'data' }, to: { type: 'string' } } })
  const { data, to: url } = values
  if (!url) throw new Error('Say where to: tamga move --to postgres://USER:PASSWORD@HOST/DATABASE')
  if (!existsSync(join(data, 'VERSION')))
    throw new Error(`There is no data folder of Tamga at "${data}". Name it with --data, as npm start did.`)
  const from = await openFolder(data)
  try {
    const to = await openDatabase({ url })
    try {
      await report(from, to)
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
  console.log(`Start Tamga with that DATABASE_URL from now on. The folder "${data}" is as it was: keep it as a backup.`)
}

async function report(from: Database, to: Database): Promise<void> {
  const moved = await moveAll(from, to, (table, rows) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${table}: ${rows}`)
  })
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  for (const [table, rows] of moved) if (rows > 0) console.log(`${String(rows).padStart(9)}  ${table}`)
}

async function openFolder(dir: string): Promise<Database> {
  try {
    return await openDatabase({ dir, worker: join(import.meta.dirname, 'pglite-worker.js') })
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error
    throw new Error(`${error.message} Stop it first: nothing may be written meanwhile.`, { cause: error })
  }
}
