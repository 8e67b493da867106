import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { openDatabase, type Database } from './open.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The migrated data folder that each embedded test database is a copy of, with the worker that serves it. */
    pglite: { template: string; worker: string } | null
    /** The worker that reads and cuts texts, built. */
    segmentWorker: string
    /** The URL of a Postgres, and the migrated database there that each test database is a copy of; or null. */
    postgres: { url: string; template: string } | null
  }
}

let made = 0

/** A fresh, migrated database of the kind that this test project runs on, as a copy of a template. */
export const openTestDatabase = (): Promise<Database> =>
  process.env.TEST_DB === 'postgres' ? copyOfPostgres() : copyOfPglite()

async function copyOfPglite(): Promise<Database> {
  const { template, worker } = inject('pglite')!
  const dir = mkdtempSync(join(tmpdir(), 'tamga-test-'))
  cpSync(template, dir, { recursive: true })
  const database = await openDatabase({ dir, worker })
  return { ...database, close: () => database.close().then(() => rmSync(dir, { recursive: true, force: true })) }
}

async function copyOfPostgres(): Promise<Database> {
  const { url, template } = inject('postgres')!
  const name = `tamga_test_${process.pid}_${Date.now()}_${made++}`
  await admin(url, `create database ${name} template ${template}`)
  const database = await openDatabase({ url: withDatabase(url, name) })
  return { ...database, close: () => database.close().then(() => admin(url, `drop database ${name} with (force)`)) }
}

/** The same server's URL, another database. */
export function withDatabase(url: string, name: string): string {
  const other = new URL(url)
  other.pathname = `/${name}`
  return other.href
}

/** Runs one statement as the server's administrator, outside any test database. */
export async function admin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
