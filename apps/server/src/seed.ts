import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ID_BYTES, idFrom, Settings, type Content, type Language, type Role, type Words } from '@tamga/model'
import { sql } from 'kysely'
import { importArticles } from './articles/import.ts'
import { record } from './audit.ts'
import type { Ctx } from './auth/guard.ts'
import { accountById, insertAccount } from './auth/store.ts'
import { nextPseudonym } from './auth/tickets.ts'
import type { Db } from './db/open.ts'
import { CLASS } from './db/server-lock.ts'
import { tellCounts } from './live/counts.ts'
import type { Live } from './live/open.ts'
import { insertLabelSet, insertMember, insertProject } from './projects/store.ts'
import { templateSet } from './projects/templates.ts'
import { signOff } from './review/close.ts'
import { decide } from './review/decide.ts'
import { annotationsOf, benchOf } from './review/store.ts'
import type { Services } from './services.ts'

/** seeds/people.json */
interface People {
  readonly project: { readonly name: Words; readonly languages: Language[] }
  readonly people: readonly {
    readonly key: string
    readonly name: string
    readonly email: string
    readonly role: Role
  }[]
}

/** seeds/articles.json, one entry an article. */
interface SeedArticle {
  readonly id: string
  readonly file: string
  readonly title: string
  readonly language: Language
  readonly date: string | null
  readonly group: string | null
}

/** seeds/gold/<article>.json: spans in UTF-16 code units of the text after its header. */
interface SeedGold {
  readonly article: string
  readonly spans: readonly SeedSpan[]
}

interface SeedSpan {
  readonly start: number
  readonly end: number
  readonly quote: string
  readonly label: string
  readonly attributes: Readonly<Record<string, string>>
  readonly by: string
  readonly decision: 'approve' | null
}

// beside the lock of the server itself (`db/server-lock.ts`)
const SEEDING = 2

// what is annotated from the start; the Kazakh article stands open for whoever tries the demo
const ANNOTATED = ['000', '001', '002', '003']

/**
 * Loads the demo once: its people, project, articles, spans and decisions, through the verbs that people use. Every id
 * follows from the seeds, so a start that was killed in the middle is taken up where it ended.
 */
export async function seedDemo(services: Services, live: Live, dir: string): Promise<void> {
  // the embedded database has one server, and one connection
  if (services.kind === 'pglite') return seed(services, live, dir)
  await oneByOne(services.db, () => seed(services, live, dir))
}

/** Of servers that start at once over one Postgres one runs `act`, the next when that is done. */
const oneByOne = (db: Db, act: () => Promise<void>): Promise<void> =>
  db.connection().execute(async (held) => {
    await sql`select pg_advisory_lock(${CLASS}, ${SEEDING})`.execute(held)
    try {
      await act()
    } finally {
      // a connection that broke has given it back already
      await sql`select pg_advisory_unlock(${CLASS}, ${SEEDING})`.execute(held).catch(() => undefined)
    }
  })

async function seed(services: Services, live: Live, dir: string): Promise<void> {
  const project = seedId('project')
  if (await seeded(services, project)) return
  const { people, project: about } = readJson<People>(dir, 'people.json')
  const team = await seedPeople(services, people)
  await seedProject(services, project, about, people)
  const owner: Ctx = { services, account: team.get('madina')! }
  const reviewer: Ctx = { services, account: team.get('olga')! }
  const articles = await seedArticles(owner, project, dir)
  for (const article of ANNOTATED) {
    const gold = readJson<SeedGold>(dir, `gold/${article}.json`)
    await seedSpans(services, live, articles.get(article)!, gold, team)
    await seedDecisions(reviewer, articles.get(article)!, gold)
  }
  await tellCounts(services)
  await record(services.db, { project, account: null, act: 'demo.seeded', subject: project })
}

const readJson = <T>(dir: string, file: string): T => JSON.parse(readFileSync(join(dir, file), 'utf8')) as T

const seedId = (...names: string[]): string =>
  idFrom(
    createHash('sha256')
      .update(`tamga demo ${names.join(' ')}`)
      .digest()
      .subarray(0, ID_BYTES),
  )

const seeded = async ({ db }: Services, project: string): Promise<boolean> =>
  (await db
    .selectFrom('audit')
    .select('id')
    .where('project', '=', project)
    .where('act', '=', 'demo.seeded')
    .executeTakeFirst()) !== undefined

async function seedPeople({ db }: Services, people: People['people']) {
  const team = new Map<string, Ctx['account']>()
  for (const { key, name, email } of people) {
    const id = seedId('account', key)
    if (!(await accountById(db, id))) await insertAccount(db, { id, name, email, demo: key })
    team.set(key, { id, within: null })
  }
  return team
}

async function seedProject(
  { db }: Services,
  id: string,
  { name, languages }: People['project'],
  people: People['people'],
) {
  await db.transaction().execute(async (trx) => {
    if (await trx.selectFrom('project').select('id').where('id', '=', id).executeTakeFirst()) return
    await insertProject(trx, id, name.ru, Settings.parse({ languages }))
    for (const { key, role } of people)
      await insertMember(trx, id, seedId('account', key), role, await nextPseudonym(trx, id))
    await insertLabelSet(trx, id, 1, templateSet('news'), seedId('account', 'madina'))
  })
}

/** ` date YYYY-MM-DD ` before the text of an article: metadata, no part of the text. */
const HEADER = /^ date \d{4}-\d{2}-\d{2} /

async function seedArticles(owner: Ctx, project: string, dir: string): Promise<Map<string, string>> {
  const known = await owner.services.db
    .selectFrom('visible_article')
    .select(['id', 'external_id'])
    .where('project', '=', project)
    .execute()
  if (known.length > 0) return new Map(known.map((row) => [row.external_id!, row.id]))
  const seeds = readJson<SeedArticle[]>(dir, 'articles.json')
  const ids = await importArticles(
    owner,
    project,
    seeds.map(({ id, file, title, language, date, group }) => ({
      externalId: id,
      title,
      language,
      date,
      group,
      source: null,
      licence: null,
      meta: {},
      text: readFileSync(join(dir, 'articles', file), 'utf8').replace(HEADER, ''),
    })),
  )
  return new Map(seeds.map(({ id }, i) => [id, ids[i]!]))
}

async function seedSpans(
  services: Services,
  live: Live,
  article: string,
  gold: SeedGold,
  team: Map<string, Ctx['account']>,
) {
  const { layer, text } = (await benchOf(services.db, article))!
  for (const [key, account] of team) {
    const mine = gold.spans.filter((span) => span.by === key)
    if (mine.length === 0) continue
    await live.write(layer, account.id, {
      edit(doc) {
        for (const span of mine) {
          const id = spanId(gold.article, span)
          if (text.slice(span.start, span.end) !== span.quote)
            throw new Error(`seed ${gold.article}: "${span.quote}" is not at ${span.start}`)
          if (!doc.read(id)) doc.add(contentOf(span), { id })
        }
      },
    })
  }
}

const spanId = (article: string, { start, end, label }: SeedSpan) => seedId(article, label, String(start), String(end))

const contentOf = ({ start, end, label, attributes }: SeedSpan): Content => ({
  kind: 'span',
  ranges: [[start, end]],
  label: label.toLowerCase(),
  attributes: Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)),
})

async function seedDecisions(reviewer: Ctx, article: string, gold: SeedGold): Promise<void> {
  const { db } = reviewer.services
  const { layer } = (await benchOf(db, article))!
  const decided = new Set(
    (await db.selectFrom('decision').select('annotation').where('layer', '=', layer).execute()).map(
      (row) => row.annotation,
    ),
  )
  const contents = new Map((await annotationsOf(db, layer)).map((row) => [row.id, row.content]))
  const items = gold.spans
    .filter((span) => span.decision !== null)
    .map((span) => spanId(gold.article, span))
    .filter((id) => !decided.has(id))
    .map((annotation) => ({
      annotation,
      verdict: 'approve' as const,
      shown: contents.get(annotation)!,
      reason: null,
      note: '',
    }))
  if (items.length > 0) await decide(reviewer, article, items)
  if (gold.spans.every((span) => span.decision !== null)) await signOff(reviewer, article)
}
