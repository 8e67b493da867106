import { LabelSet, Settings, sha256Hex, type Role } from '@tamga/model'
import { cookieName, openSessions } from '../src/auth/sessions.ts'
import { insertAccount } from '../src/auth/store.ts'
import { json } from '../src/db/json.ts'
import { migrate } from '../src/db/migrate.ts'
import type { Db } from '../src/db/open.ts'
import { newId } from '../src/services.ts'
import { PEOPLE } from './plan.ts'

const SENTENCE =
  'Ақтөбеде Қазақстан халқы Ассамблеясының форумы өтті. 👩🏽‍🚀 Форумға Анна мен Bob қатысты, олар 10 сәуірде келді. '
export const TEXT = SENTENCE.repeat(12)

/** Where words begin and end in the text, in code units. */
export const words: readonly (readonly [number, number])[] = [...TEXT.matchAll(/\S+/g)].map(({ index, 0: word }) => [
  index,
  index + word.length,
])

const colour = { hue: 1, light: 0.5, dark: 0.75 }
const label = (id: string) => ({ id, code: id.toUpperCase(), name: {}, colour })

/** A label that the project never had: pages that believe in it are told otherwise. */
export const PHANTOM = 'phantom'
const NOTE = { id: 'note', code: 'NOTE', name: {}, type: 'text', labels: ['loc', 'org', 'ppl', PHANTOM] } as const

/** What the server knows, and what a page of another mind believes. */
export const labels = LabelSet.parse({
  labels: ['loc', 'org', 'ppl'].map(label),
  attributes: [{ ...NOTE, labels: ['loc', 'org', 'ppl'] }],
  relations: [],
})
export const believed = LabelSet.parse({ ...labels, labels: [...labels.labels, label(PHANTOM)], attributes: [NOTE] })

export interface Person {
  readonly id: string
  readonly role: Role
  /** The Cookie header at the server that listens on this port. */
  cookie(port: number): string
}

/** One article of the round, with its shared layer. */
export interface Article {
  readonly id: string
  readonly layer: string
  readonly project: string
}

/** A project and its people; made once a database. */
export interface Ground {
  readonly project: string
  readonly people: readonly Person[]
}

const roles: readonly Role[] = ['reviewer', 'annotator', 'annotator', 'reviewer']

export async function layGround(db: Db): Promise<Ground> {
  await migrate(db)
  const project = newId()
  await db
    .insertInto('project')
    .values({ id: project, name: 'Faults', settings: json(Settings.parse({})) })
    .execute()
  await db
    .insertInto('label_set')
    .values({ project, no: 1, content: json(labels) })
    .execute()
  await db
    .insertInto('label')
    .values(labels.labels.map(({ id }) => ({ project, kind: 'label' as const, id })))
    .execute()
  const sessions = openSessions(db, { secure: false, port: 0, demo: false })
  const people: Person[] = []
  for (let i = 0; i < PEOPLE; i++) {
    const [id, role] = [newId(), roles[i % roles.length]!]
    await insertAccount(db, { id, name: `Person ${i}` })
    await db.insertInto('member').values({ project, account: id, role, pseudonym: id }).execute()
    // the name of the cookie depends on the server's port, its worth does not
    const token = (await sessions.create(id)).split(/[=;]/)[1]!
    people.push({ id, role, cookie: (port) => `${cookieName(false, port)}=${token}` })
  }
  return { project, people }
}

export async function layArticle(db: Db, project: string): Promise<Article> {
  const [id, revision, layer] = [newId(), newId(), newId()]
  await db.insertInto('article').values({ id, project, title: 'Faults', meta: '{}' }).execute()
  await db
    .insertInto('revision')
    .values({
      ...{ id: revision, article: id, no: 1, sha256: sha256Hex(TEXT), code_points: [...TEXT].length },
      segmenter: 1,
    })
    .execute()
  await db.insertInto('revision_chunk').values({ revision, no: 0, body: TEXT }).execute()
  await db.insertInto('layer').values({ id: layer, revision }).execute()
  await db.insertInto('layer_head').values({ layer }).execute()
  return { id, layer, project }
}
