import { idFrom, type Plain } from '@tamga/model'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { importArticles } from '../articles/import.ts'
import { json } from '../db/json.ts'
import { openTestApp, type Browser, type TestApp } from '../test-app.ts'
import { insertAside } from './aside-store.ts'

const TEXT = '🐎 Асхат Шахаров Ақтөбеде сөйледі.'
const fresh = () => idFrom(randomBytes(12))
const SPAN = fresh()
const label = { key: `${SPAN}/label`, value: 'per', code: 'locked' } as const

interface Aside {
  id: string
  account: string
  key: string
  value: [Plain] | null
  code: string
  handedAt: string | null
}

let app: TestApp
let owner: Browser
let ann: Browser
let dan: Browser
let rita: Browser
let project: string
let article: string

beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
})
afterAll(() => app.close())

beforeEach(async () => {
  project = (await owner.send<{ id: string }>('POST', '/projects', { name: 'P', languages: ['kk'], template: 'news' }))
    .id
  ann = await join('Ann', 'annotator')
  dan = await join('Dan', 'annotator')
  rita = await join('Rita', 'reviewer')
  const about = { externalId: null, title: 'T', language: 'kk', date: null, group: null, source: null, licence: null }
  const ctx = {
    services: app.services,
    account: { id: owner.account, name: 'Owner', email: null, colour: 1, within: null },
  }
  article = (await importArticles(ctx, project, [{ ...about, language: 'kk', meta: {}, text: TEXT }]))[0]!
})

async function join(name: string, role: string): Promise<Browser> {
  const person = await app.person(name)
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role })
  await person.send('POST', '/tickets/use', { token: url.split('#')[1] })
  return person
}

/** What a flush keeps of a refused edit. */
async function refusedOf(by: Browser, wanted: [Plain] | null = ['per']): Promise<string> {
  const id = fresh()
  const { layer } = await by.get<{ layer: { id: string } }>(`/articles/${article}`)
  const row = {
    id,
    layer: layer.id,
    account: by.account,
    key: `${SPAN}/label`,
    code: 'locked',
    at: new Date(),
  } as const
  await app.services.db
    .transaction()
    .execute((trx) => insertAside(trx, { ...row, value: wanted && json(wanted), details: json({}) }))
  return id
}

const listOf = async (by: Browser) => (await by.get<{ asides: Aside[] }>(`/articles/${article}/asides`)).asides
const idsOf = async (by: Browser) => (await listOf(by)).map(({ id }) => id)
const keep = (by: Browser, part: object = {}) => ({
  by,
  path: `/articles/${article}/asides`,
  body: { id: fresh(), ...label, ...part },
})
const acts = () =>
  app.services.db
    .selectFrom('audit')
    .select(['act', 'account', 'subject', 'after'])
    .where('project', '=', project)
    .where('act', 'like', 'aside.%')
    .orderBy('id')
    .execute()
const facts = async () =>
  (
    await app.services.db
      .selectFrom('fact')
      .select('payload')
      .where('scope', '=', `project/${project}`)
      .where('kind', '=', 'asides')
      .execute()
  ).map(({ payload }) => payload)

describe('the list', () => {
  test('holds my own that wait, with what was wanted, and nobody else’s', async () => {
    const mine = await refusedOf(ann)
    const deleted = await refusedOf(ann, null)
    await refusedOf(dan)
    const list = await listOf(ann)
    expect(list.map(({ id, value, code, account }) => [id, value, code, account]).toSorted()).toEqual(
      [
        [mine, ['per'], 'locked', ann.account],
        [deleted, null, 'locked', ann.account],
      ].toSorted(),
    )
    expect(await idsOf(rita)).toEqual([])
  })

  test('holds for reviewers what was handed over, and for nobody below', async () => {
    const id = await refusedOf(ann)
    await ann.send('POST', `/asides/${id}/hand`)
    expect(await listOf(rita)).toMatchObject([{ id, account: ann.account, handedAt: expect.any(String) as string }])
    expect(await idsOf(owner)).toEqual([id])
    expect(await idsOf(dan)).toEqual([])
    expect(await idsOf(ann)).toEqual([id])
  })

  test('is a member’s only', async () => {
    const outside = await app.person('Outside')
    expect(await outside.refusal('GET', `/articles/${article}/asides`)).toBe('not_found')
    expect(await app.stranger.refusal('GET', `/articles/${article}/asides`)).toBe('sign_in')
  })
})

describe('handing over', () => {
  test('is recorded and told once, however often it is sent', async () => {
    const id = await refusedOf(ann)
    await ann.send('POST', `/asides/${id}/hand`)
    await ann.send('POST', `/asides/${id}/hand`)
    expect(await acts()).toEqual([
      {
        act: 'aside.handed',
        account: ann.account,
        subject: article,
        after: { id, key: label.key, code: 'locked' },
      },
    ])
    expect(await facts()).toEqual([{ article }])
  })

  test('is for who lost the edit, and may still mark', async () => {
    const id = await refusedOf(ann)
    for (const by of [dan, rita, owner]) expect(await by.refusal('POST', `/asides/${id}/hand`)).toBe('not_found')
    await owner.send('PATCH', `/projects/${project}/members/${ann.account}`, { role: 'viewer' })
    expect(await ann.refusal('POST', `/asides/${id}/hand`)).toBe('forbidden')
    expect(await idsOf(ann)).toEqual([id])
    await owner.send('DELETE', `/projects/${project}/members/${ann.account}`)
    expect(await ann.refusal('POST', `/asides/${id}/hand`)).toBe('not_found')
  })
})

describe('taking off the list', () => {
  test('is mine to do, with its audit row and fact, once', async () => {
    const id = await refusedOf(ann)
    expect(await dan.refusal('POST', `/asides/${id}/resolve`, { how: 'dropped' })).toBe('not_found')
    expect(await rita.refusal('POST', `/asides/${id}/resolve`, { how: 'dropped' })).toBe('not_found')
    await ann.send('POST', `/asides/${id}/resolve`, { how: 'again' })
    await ann.send('POST', `/asides/${id}/resolve`, { how: 'dropped' })
    expect(await idsOf(ann)).toEqual([])
    expect(await acts()).toMatchObject([{ act: 'aside.resolved', after: { how: 'again', by: ann.account } }])
    expect(await facts()).toEqual([{ article }])
  })

  test('is the reviewers’ too once it was handed over, in their own name', async () => {
    const id = await refusedOf(ann)
    await ann.send('POST', `/asides/${id}/hand`)
    expect(await dan.refusal('POST', `/asides/${id}/resolve`, { how: 'again' })).toBe('not_found')
    await rita.send('POST', `/asides/${id}/resolve`, { how: 'again' })
    expect(await idsOf(ann)).toEqual([])
    const row = await app.services.db
      .selectFrom('set_aside')
      .select(['account', 'resolved_by', 'how'])
      .where('id', '=', id)
      .executeTakeFirst()
    expect(row).toEqual({ account: ann.account, resolved_by: rita.account, how: 'again' })
  })

  test('of what never was is not found', async () => {
    expect(await ann.refusal('POST', `/asides/${fresh()}/resolve`, { how: 'dropped' })).toBe('not_found')
    expect(await ann.refusal('POST', `/asides/${fresh()}/hand`)).toBe('not_found')
  })
})

describe('keeping what never reached the layer', () => {
  test('makes one row however often it is sent, under my name, and changes nothing in the layer', async () => {
    const { path, body } = keep(ann, { code: 'edit_overtaken' })
    await ann.send('POST', path, body)
    await ann.send('POST', path, body)
    expect(await listOf(ann)).toMatchObject([{ id: body.id, account: ann.account, code: 'edit_overtaken' }])
    await ann.send('POST', `/asides/${body.id}/hand`)
    expect(await idsOf(rita)).toEqual([body.id])
    expect(await app.services.db.selectFrom('annotation').selectAll().where('id', '=', SPAN).execute()).toEqual([])
  })

  test('never takes an id that is somebody else’s', async () => {
    const id = await refusedOf(dan, ['city'])
    await ann.send('POST', `/articles/${article}/asides`, { id, ...label })
    expect(await listOf(dan)).toMatchObject([{ id, value: ['city'] }])
    expect(await idsOf(ann)).toEqual([])
  })

  test.each<[string, object, string]>([
    ['a key of another form', { key: '__proto__' }, 'annotation_malformed'],
    ['an object', { value: { a: 1 } }, 'annotation_malformed'],
    ['NUL', { value: 'a\0b' }, 'annotation_malformed'],
    ['half a character', { value: '\ud800' }, 'annotation_malformed'],
    ['a record that is none', { key: SPAN, value: ['span', [[0, 4]]] }, 'annotation_malformed'],
    ['too much', { value: 'x'.repeat(17_000) }, 'too_large'],
    ['a code that is none', { code: 'whatever' }, 'malformed'],
    ['an id of another form', { id: 'x' }, 'malformed'],
  ])('refuses %s', async (_name, part, code) => {
    const { path, body } = keep(ann, part)
    expect(await ann.refusal('POST', path, body)).toBe(code)
    expect(await listOf(ann)).toEqual([])
  })

  test('is for who may mark', async () => {
    await owner.send('PATCH', `/projects/${project}/members/${ann.account}`, { role: 'viewer' })
    const { path, body } = keep(ann)
    expect(await ann.refusal('POST', path, body)).toBe('forbidden')
    expect(await (await app.person('Outside')).refusal('POST', path, body)).toBe('not_found')
  })

  test('ends at two hundred that wait', async () => {
    for (let i = 0; i < 200; i++) await refusedOf(ann)
    const { path, body } = keep(ann)
    expect(await ann.refusal('POST', path, body)).toBe('asides_full')
    const [one] = await idsOf(ann)
    await ann.send('POST', `/asides/${one}/resolve`, { how: 'dropped' })
    await ann.send('POST', path, body)
    expect(await idsOf(ann)).toContain(body.id)
  })
})
