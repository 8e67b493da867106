import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, transformWithOxc } from 'vite'
import type { TestProject } from 'vitest/node'
import { migrate } from './migrate.ts'
import { openDatabase } from './open.ts'
import { admin, withDatabase } from './test-db.ts'

/** Vitest's global setup of the database projects: one migrated template, of which each test file gets a copy. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kind = (project.config.env as Record<string, string>).TEST_DB
  project.provide('pglite', null)
  project.provide('postgres', null)
  project.provide('segmentWorker', await buildSegmentWorker())
  return kind === 'postgres' ? postgresTemplate(project) : pgliteTemplate(project)
}

async function pgliteTemplate(project: TestProject): Promise<() => Promise<void>> {
  const template = mkdtempSync(join(tmpdir(), 'tamga-template-'))
  const worker = await buildWorker()
  const database = await openDatabase({ dir: template, worker })
  await migrate(database.db)
  await database.close()
  project.provide('pglite', { template, worker })
  return () => Promise.resolve(rmSync(template, { recursive: true, force: true }))
}

async function postgresTemplate(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env.TEST_DATABASE_URL!
  // a name of its own, so that runs on one Postgres do not take each other's template away
  const template = `tamga_template_${process.pid}_${Date.now()}`
  await admin(url, `create database ${template}`)
  const database = await openDatabase({ url: withDatabase(url, template) })
  await migrate(database.db)
  await database.close()
  project.provide('postgres', { url, template })
  return () => admin(url, `drop database if exists ${template} with (force)`)
}

/** One file with all that it needs. */
async function buildSegmentWorker(): Promise<string> {
  const outDir = join(import.meta.dirname, '../../node_modules/.segment-worker')
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: join(import.meta.dirname, '../articles/segment-worker.ts'),
      ...{ outDir, emptyOutDir: false, target: 'node20' },
      rolldownOptions: { output: { entryFileNames: 'segment-worker.mjs' } },
    },
  })
  return join(outDir, 'segment-worker.mjs')
}

// A worker thread needs JavaScript; it must lie where Node finds the server's packages.
async function buildWorker(): Promise<string> {
  const source = join(import.meta.dirname, 'pglite-worker.ts')
  const { code } = await transformWithOxc(readFileSync(source, 'utf8'), source)
  const file = join(import.meta.dirname, '../../node_modules/.pglite-worker.test.mjs')
  writeFileSync(file, code)
  return file
}
