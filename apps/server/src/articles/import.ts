import { Problem, type Language } from '@tamga/model'
import { record } from '../audit.ts'
import { requireRole, type Ctx } from '../auth/guard.ts'
import { roleOf } from '../auth/store.ts'
import { bodyRows } from '../db/bodies.ts'
import type { Database, Db } from '../db/open.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { newId } from '../services.ts'
import { discard } from './discard.ts'
import { checkText, type Draft } from './draft.ts'
import type { OpenImport } from './import-file.ts'
import {
  clashOf,
  filesOf,
  groundOf,
  insertImport,
  lockImport,
  openSince,
  previewOf,
  publish,
  setLanguage,
  setReport,
  setSentences,
  stagedArticles,
  stagingImport,
  type ChunkSentences,
  type StagedFile,
} from './import-store.ts'
import { Staging } from './staging.ts'
import { bodiesOf } from './store.ts'

const PREVIEW = 100

/** Opens an import into a project: files are staged in it, unseen, until it is published as one or discarded. */
export async function openImport(ctx: Ctx, project: string): Promise<OpenImport> {
  await requireRole(ctx, project, 'manageArticles')
  const id = newId()
  await insertImport(ctx.services.db, { id, project, account: ctx.account.id }, {})
  return { id, project }
}

/** The open import of this id. Throws `import_gone` when there is none, or none that the asker may know of. */
export async function findImport(ctx: Ctx, id: string): Promise<OpenImport> {
  const row = await stagingImport(ctx.services.db, id)
  if (!row || id.includes('.') || !(await roleOf(ctx.services.db, row.project, ctx.account)))
    throw new Problem('import_gone')
  await requireRole(ctx, row.project, 'manageArticles')
  return { id, project: row.project }
}

/** A staged file as it is shown: its report and the first hundred of its articles from a place on. */
export async function viewFile(db: Db, { id, report }: StagedFile, from = 0) {
  const { name, kind, articles, refused, refusals } = report
  const preview = refused > 0 ? [] : await previewOf(db, id, from, PREVIEW)
  return { id, file: name, kind, articles, refused, refusals: refusals.map((r) => ({ file: name, ...r })), preview }
}

/** All files of an import as they are shown. */
export async function viewImport(ctx: Ctx, id: string) {
  await findImport(ctx, id)
  const files = await filesOf(ctx.services.db, id)
  return Promise.all(files.map((file) => viewFile(ctx.services.db, file)))
}

/** More of one file's articles. */
export async function viewStaged(ctx: Ctx, id: string, file: string, from: number) {
  return viewFile(ctx.services.db, await findFile(ctx, id, file), from)
}

/** Drops one file of an import: the way past its refusals. */
export async function dropFile(ctx: Ctx, id: string, file: string): Promise<void> {
  await discard(ctx.services.db, (await findFile(ctx, id, file)).id)
}

async function findFile(ctx: Ctx, id: string, file: string): Promise<StagedFile> {
  await findImport(ctx, id)
  const found = (await filesOf(ctx.services.db, id)).find((staged) => staged.id === file)
  if (!found) throw new Problem('import_gone')
  return found
}

/** Gives staged articles a language, by their ids or by the id of a whole file; their sentences are cut anew. */
export async function correctLanguage(ctx: Ctx, id: string, languages: Readonly<Record<string, Language | null>>) {
  await findImport(ctx, id)
  for (const language of new Set(Object.values(languages))) {
    const ids = Object.keys(languages).filter((key) => languages[key] === language)
    for (let after = 0; ;) {
      const page = await stagedArticles(ctx.services.db, id, ids, after, PREVIEW)
      if (page.length === 0) break
      after = page.at(-1)!.n
      for (const some of handfuls(page)) await cutAnew(ctx, id, language, some)
    }
  }
}

type Staged = Awaited<ReturnType<typeof stagedArticles>>[number]

/** So many code points are held and written at a time. */
const AT_ONCE = 100_000

function* handfuls(articles: readonly Staged[]): Generator<readonly Staged[]> {
  let some: Staged[] = []
  let points = 0
  for (const article of articles) {
    if (some.length > 0 && points + article.size > AT_ONCE) {
      yield some
      some = []
      points = 0
    }
    some.push(article)
    points += article.size
  }
  yield some
}

async function cutAnew(ctx: Ctx, id: string, language: Language | null, articles: readonly Staged[]): Promise<void> {
  const { services } = ctx
  const bodies = await bodiesOf(
    services.db,
    articles.map(({ revision }) => revision),
  )
  const chunks: ChunkSentences[] = []
  for (const { id: revision, body } of bodies) {
    const { sentences } = await services.segmenter.cut(body, language)
    for (const row of bodyRows(body, [], sentences)) chunks.push({ revision, no: row.no, sentences: row.sentences })
  }
  await transact(services, async (trx) => {
    // what is published meanwhile stays as it was published
    if ((await lockImport(trx, id)).length === 0) throw new Problem('import_gone')
    await setLanguage(
      trx,
      language,
      articles.map((article) => article.id),
    )
    await setSentences(trx, chunks)
  })
}

/**
 * Publishes an import: all of its articles become visible at once. Throws `import_refused` while a refusal stands, a file
 * is still being read, or nothing is in it; `article_exists` and `id_twice` when ids clash by now.
 */
export async function publishImport(ctx: Ctx, id: string): Promise<{ articles: number }> {
  const { project } = await findImport(ctx, id)
  const { services, account } = ctx
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    countReady(await filesOf(services.db, id))
    const ground = await groundOf(services.db, project, id)
    const clash = await clashOf(services.db, project, id)
    if (clash) throw new Problem(clash.published ? 'article_exists' : 'id_twice', { id: clash.id })
    const articles = await transact(services, async (trx) => {
      // publishing goes one by one in a project, so that of two imports with the same ids only one passes
      await trx.selectFrom('project').select('id').where('id', '=', project).forNoKeyUpdate().execute()
      if ((await lockImport(trx, id)).length === 0) throw new Problem('import_gone')
      if ((await groundOf(trx, project, id)) !== ground) return null
      const files = await filesOf(trx, id)
      const count = countReady(files)
      // a file that begins to arrive only now is none of them
      await publish(trx, [id, ...files.map((file) => file.id)], services.now())
      const names = files.flatMap(({ report: { name } }) => name || []).slice(0, 20)
      const after = { articles: count, files: names }
      await record(trx, { project, account: account.id, act: 'articles.imported', subject: id, after })
      await state(trx, projectScope(project), [{ kind: 'articles', payload: {} }])
      return count
    })
    if (articles === null) continue
    services.notifier.notify()
    return { articles }
  }
  throw new Problem('busy')
}

/** So often ids are checked again because others published meanwhile. */
const ATTEMPTS = 5

function countReady(files: readonly StagedFile[]): number {
  const refused = files.flatMap(({ report: { name, refusals } }) => refusals.map((r) => ({ file: name, ...r })))
  const count = files.reduce((sum, { report }) => sum + report.articles, 0)
  if (refused.length > 0 || count === 0 || files.some(({ report }) => !report.whole))
    throw new Problem('import_refused', { n: refused.length }, refused)
  return count
}

/** Discards an import with all that was staged in it. */
export async function discardImport(ctx: Ctx, id: string): Promise<void> {
  await findImport(ctx, id)
  await discard(ctx.services.db, id)
}

/**
 * Imports articles that are at hand, without files, and answers their ids in order. All or nothing: throws
 * `import_refused` with the refusals (the line is the article's number, from 1).
 */
export async function importArticles(ctx: Ctx, project: string, drafts: readonly Draft[]): Promise<string[]> {
  const { id: importId } = await openImport(ctx, project)
  const { db } = ctx.services
  const file = { id: `${importId}.${newId()}`, project, account: ctx.account.id }
  try {
    await insertImport(db, file, {})
    const staging = new Staging(db, { project, import: importId, file: file.id })
    const ids: string[] = []
    for (const [i, draft] of drafts.entries()) {
      checkText(draft.text)
      const segments = await ctx.services.segmenter.cut(draft.text, draft.language)
      ids.push(await staging.add({ draft, ...segments }, i + 1))
    }
    await setReport(db, file.id, await staging.end('', null))
    await publishImport(ctx, importId)
    return ids
  } catch (error) {
    await discard(db, importId)
    throw error
  }
}

const DAY = 24 * 60 * 60 * 1000

/**
 * Discards what a server that ended left staged. Called once at start, before anybody imports here; on Postgres another
 * server may be at it, so what was begun within a day stays.
 */
export async function sweepImports({ db, kind }: Pick<Database, 'db' | 'kind'>, now: Date): Promise<void> {
  const before = kind === 'pglite' ? now : new Date(now.getTime() - DAY)
  for (const { id } of await openSince(db, before)) await discard(db, id)
}
