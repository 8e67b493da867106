import type { LayerDoc } from '@tamga/collab'
import { idFrom, type Content } from '@tamga/model'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { importArticles } from '../articles/import.ts'
import { openTestApp, type Browser, type TestApp } from '../test-app.ts'
import { holdBench, openBench } from './bench.ts'
import { benchOf, type Bench } from './store.ts'

// an astral letter first, so that code units and code points differ
const TEXT = '🐎 Асхат Шахаров Ақтөбеде сөйледі. Асхат Шахаров кетті.'
const at = (quote: string, from = 0): [number, number] => {
  const start = TEXT.indexOf(quote, from)
  return [start, start + quote.length]
}
const span = (quote: string, label: string, from = 0): Content => ({
  kind: 'span',
  ranges: [at(quote, from)],
  label,
  attributes: [],
})
const fresh = () => idFrom(randomBytes(12))

let app: TestApp
let owner: Browser
let ann: Browser
let rita: Browser
let project: string
let article: string
let bench: Bench

beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
})
afterAll(() => app.close())

beforeEach(async () => {
  project = (await owner.send<{ id: string }>('POST', '/projects', { name: 'P', languages: ['kk'], template: 'news' }))
    .id
  ann = await join('Ann', 'annotator')
  rita = await join('Rita', 'reviewer')
  const draft = {
    externalId: null,
    title: 'T',
    language: 'kk',
    date: null,
    group: null,
    source: null,
    licence: null,
    meta: {},
    text: TEXT,
  } as const
  article = (await importArticles(ctxOf(owner, 'Owner'), project, [draft]))[0]!
  bench = (await benchOf(app.services.db, article))!
})

const ctxOf = (browser: Browser, name: string) => ({
  services: app.services,
  account: { id: browser.account, name, email: null, colour: 1, within: null },
})

async function join(name: string, role: string): Promise<Browser> {
  const person = await app.person(name)
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role })
  await person.send('POST', '/tickets/use', { token: url.split('#')[1] })
  return person
}

async function mark(by: Browser, content: Content): Promise<string> {
  const id = fresh()
  await app.live.write(bench.layer, by.account, { edit: (doc) => doc.add(content, { id }) })
  return id
}

const approval = (annotation: string, shown: Content) => ({ annotation, verdict: 'approve', shown })
const decide = (by: Browser, ...items: object[]) =>
  by.send<{ results: { ok: boolean }[] }>('POST', `/articles/${article}/decisions`, { items })
const gold = () =>
  app.services.db
    .selectFrom('gold')
    .select(['annotation', 'starts', 'ends', 'quotes', 'label', 'supporters'])
    .where('project', '=', project)
    .where('to_cut', 'is', null)
    .orderBy('starts')
    .execute()
const stats = () =>
  app.services.db
    .selectFrom('article_stats')
    .select(['annotated', 'waiting', 'approved'])
    .where('article', '=', article)
    .executeTakeFirst()

test('what a browser takes along is what stands, removed annotations included', async () => {
  const content = span('Ақтөбеде', 'city')
  const [id, gone] = [await mark(ann, content), await mark(rita, span('Асхат Шахаров', 'per'))]
  await app.live.write(bench.layer, ann.account, {
    edit(doc) {
      doc.setUnsure(id, true)
      doc.setGone(gone, true)
    },
  })
  const { annotations } = await ann.send<{ annotations: { id: string }[] }>('GET', `/articles/${article}/annotations`)
  expect(annotations.find((one) => one.id === id)).toEqual({ id, content, via: null, unsure: true, gone: false })
  expect(annotations.find((one) => one.id === gone)).toMatchObject({ gone: true })
  expect(annotations).toHaveLength(2)
})

describe('a decision', () => {
  test('makes gold in code points, with its audit row, in one act', async () => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    expect(await stats()).toEqual({ annotated: 1, waiting: 1, approved: 0 })
    await decide(rita, approval(id, content))
    const [start, end] = at('Ақтөбеде')
    expect(await gold()).toEqual([
      {
        annotation: id,
        starts: [start - 1],
        ends: [end - 1],
        quotes: ['Ақтөбеде'],
        label: 'city',
        supporters: [ann.account],
      },
    ])
    expect(await stats()).toEqual({ annotated: 1, waiting: 0, approved: 1 })
    const acts = await app.services.db
      .selectFrom('audit')
      .select('account')
      .where('project', '=', project)
      .where('act', '=', 'review.decide')
      .execute()
    expect(acts).toEqual([{ account: rita.account }])
  })

  test('on content that changed meanwhile is refused with the difference, and changes nothing', async () => {
    const shown = span('Асхат', 'per')
    const id = await mark(ann, shown)
    const now = span('Асхат Шахаров', 'per')
    await app.live.write(bench.layer, ann.account, { edit: (doc) => doc.setRanges(id, [at('Асхат Шахаров')]) })
    const response = await rita.request('POST', `/articles/${article}/decisions`, { items: [approval(id, shown)] })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({
      code: 'changed_meanwhile',
      details: { name: 'Ann' },
      data: { annotation: id, shown, now, by: { name: 'Ann' } },
    })
    expect(await gold()).toEqual([])
    expect(await app.services.db.selectFrom('decision').selectAll().where('layer', '=', bench.layer).execute()).toEqual(
      [],
    )
  })

  test('in bulk each item stands by itself', async () => {
    const [one, two] = [span('Асхат', 'per'), span('Ақтөбеде', 'city')]
    const [first, second] = [await mark(ann, one), await mark(ann, two)]
    await app.live.write(bench.layer, ann.account, { edit: (doc) => doc.setLabel(first, 'prof') })
    const { results } = await decide(rita, approval(first, one), approval(second, two))
    expect(results.map((result) => result.ok)).toEqual([false, true])
    expect((await gold()).map((row) => row.annotation)).toEqual([second])
  })

  test('on what is not there comes back with its reason in bulk, and alone is refused', async () => {
    const content = span('Ақтөбеде', 'city')
    const [id, none] = [await mark(ann, content), fresh()]
    const { results } = await decide(rita, approval(none, content), approval(id, content))
    const difference = { annotation: none, shown: content, now: null, by: null }
    expect(results).toEqual([
      { annotation: none, ok: false, code: 'annotation_gone', difference },
      { annotation: id, ok: true },
    ])
    expect((await gold()).map((row) => row.annotation)).toEqual([id])
    const response = await rita.request('POST', `/articles/${article}/decisions`, { items: [approval(none, content)] })
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'annotation_gone' }])
  })

  test('by somebody who lost the role while the layer was busy is not made', async () => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    const ctx = ctxOf(rita, 'Rita')
    // at the door still a reviewer
    await openBench(ctx, article, 'decide')
    await owner.send('PATCH', `/projects/${project}/members/${rita.account}`, { role: 'annotator' })
    const act = app.services.db.transaction().execute((trx) => holdBench(trx, ctx, bench, 'decide'))
    await expect(act).rejects.toMatchObject({ code: 'forbidden' })
    expect(await rita.refusal('POST', `/articles/${article}/decisions`, { items: [approval(id, content)] })).toBe(
      'forbidden',
    )
  })

  test('is compared with what may stand alone: a megabyte of overlapping ranges costs nothing', async () => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    const digest = vi.spyOn(TextEncoder.prototype, 'encode')
    try {
      const whole = [0, TEXT.length] as const
      const shown = { ...content, ranges: Array.from({ length: 50_000 }, () => whole) } as Content
      expect(await rita.refusal('POST', `/articles/${article}/decisions`, { items: [approval(id, shown)] })).toBe(
        'changed_meanwhile',
      )
      expect(Math.max(...digest.mock.calls.map(([text]) => text?.length ?? 0))).toBeLessThan(1_000_000)
    } finally {
      digest.mockRestore()
    }
  })

  test('falls with the content it was about, and stands again when that returns', async () => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    await decide(rita, approval(id, content))
    await app.live.write(bench.layer, ann.account, { edit: (doc) => doc.setLabel(id, 'prov') })
    expect(await gold()).toEqual([])
    expect(await stats()).toEqual({ annotated: 1, waiting: 1, approved: 0 })
    await app.live.write(bench.layer, ann.account, { edit: (doc) => doc.setLabel(id, 'city') })
    expect((await gold()).map((row) => row.annotation)).toEqual([id])
    const history = await app.services.db
      .selectFrom('gold')
      .select(['from_cut', 'to_cut'])
      .where('annotation', '=', id)
      .orderBy('from_cut')
      .execute()
    expect(history).toHaveLength(2)
    expect(history[0]!.to_cut).not.toBeNull()
  })

  test('of a removed span is refused; removing an approved span takes it out of gold', async () => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    await decide(rita, approval(id, content))
    await app.live.write(bench.layer, ann.account, { edit: (doc) => doc.setGone(id, true) })
    expect(await gold()).toEqual([])
    expect(await rita.refusal('POST', `/articles/${article}/decisions`, { items: [approval(id, content)] })).toBe(
      'changed_meanwhile',
    )
  })

  test('covers twins: one gold row with two supporters', async () => {
    const content = span('Ақтөбеде', 'city')
    const ids = [await mark(ann, content), await mark(rita, content)]
    await decide(rita, approval(ids[1]!, content))
    const rows = await gold()
    expect(rows).toHaveLength(1)
    expect(rows[0]!.annotation).toBe([...ids].sort()[0])
    expect([...rows[0]!.supporters].sort()).toEqual([ann.account, rita.account].sort())
  })

  test('on twins that were both asked for is made once for each', async () => {
    const content = span('Ақтөбеде', 'city')
    const [one, two] = [await mark(ann, content), await mark(rita, content)]
    await decide(rita, approval(one, content), approval(two, content))
    const rows = await app.services.db
      .selectFrom('decision')
      .select('annotation')
      .where('layer', '=', bench.layer)
      .execute()
    expect(rows.map(({ annotation }) => annotation).sort()).toEqual([one, two].sort())
  })

  test('stands by whoever supports it now', async () => {
    const content = span('Ақтөбеде', 'city')
    const [a, b, c] = ['A', 'B', 'C'].map((letter) => letter + fresh().slice(1)) as [string, string, string]
    for (const [by, id] of [
      [ann, a],
      [rita, b],
      [owner, c],
    ] as const)
      await app.live.write(bench.layer, by.account, { edit: (doc) => doc.add(content, { id }) })
    await decide(rita, approval(a, content))
    await app.live.write(bench.layer, owner.account, { edit: (doc) => doc.setGone(c, true) })
    expect((await gold())[0]!.supporters).toEqual([ann.account, rita.account])
    const swap = (doc: LayerDoc) => {
      doc.setGone(b, true)
      doc.setGone(c, false)
    }
    await app.live.write(bench.layer, owner.account, { edit: swap })
    expect((await gold())[0]!.supporters).toEqual([ann.account, owner.account])
  })

  test('to reject needs a reason; the latest of one person counts', async () => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    const reject = { annotation: id, verdict: 'reject', shown: content }
    expect(await rita.refusal('POST', `/articles/${article}/decisions`, { items: [reject] })).toBe('reason_needed')
    await decide(rita, approval(id, content))
    await decide(rita, { ...reject, reason: 'label' })
    expect(await gold()).toEqual([])
    expect(await stats()).toEqual({ annotated: 1, waiting: 0, approved: 0 })
    await decide(rita, approval(id, content))
    expect(await gold()).toHaveLength(1)
  })

  test('waits for the quorum, and own approval counts only where the project says so', async () => {
    await owner.send('PATCH', `/projects/${project}`, {
      settings: { quorum: 2, ownApproval: false, languages: ['kk'] },
    })
    const content = span('Ақтөбеде', 'city')
    const id = await mark(rita, content)
    const [second, third] = [await join('Second', 'reviewer'), await join('Third', 'reviewer')]
    await decide(rita, approval(id, content))
    await decide(second, approval(id, content))
    expect(await gold()).toEqual([])
    await decide(third, approval(id, content))
    expect(await gold()).toHaveLength(1)
    await owner.send('PATCH', `/projects/${project}`, {
      settings: { quorum: 3, ownApproval: false, languages: ['kk'] },
    })
    expect(await gold()).toEqual([])
  })

  test.each(['annotator', 'viewer'])('is not a %s’s to make, nor a foreigner’s, nor a stranger’s', async (role) => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    const body = { items: [approval(id, content)] }
    expect(await (await join(role, role)).refusal('POST', `/articles/${article}/decisions`, body)).toBe('forbidden')
    expect(await (await app.person('Foreigner')).refusal('POST', `/articles/${article}/decisions`, body)).toBe(
      'not_found',
    )
    expect(await app.stranger.refusal('POST', `/articles/${article}/decisions`, body)).toBe('sign_in')
    expect(await gold()).toEqual([])
  })
})

describe('a reviewer', () => {
  test('amends and approves in one act, in their own name', async () => {
    const shown = span('Асхат', 'prof')
    const id = await mark(ann, shown)
    const content = span('Асхат Шахаров', 'per')
    await rita.send('POST', `/articles/${article}/amend`, { annotation: id, shown, content })
    expect(await gold()).toEqual([expect.objectContaining({ annotation: id, quotes: ['Асхат Шахаров'], label: 'per' })])
    const row = await app.services.db
      .selectFrom('annotation')
      .select(['creator', 'last_editor'])
      .where('id', '=', id)
      .executeTakeFirst()
    expect(row).toEqual({ creator: ann.account, last_editor: rita.account })
    expect(await rita.refusal('POST', `/articles/${article}/amend`, { annotation: id, shown, content })).toBe(
      'changed_meanwhile',
    )
  })

  test('amends all that say the same', async () => {
    const shown = span('Асхат', 'per')
    const [first] = [await mark(ann, shown), await mark(rita, shown)]
    const content = span('Асхат Шахаров', 'per')
    await rita.send('POST', `/articles/${article}/amend`, { annotation: first, shown, content })
    expect(await stats()).toEqual({ annotated: 2, waiting: 0, approved: 2 })
    expect(await gold()).toEqual([expect.objectContaining({ quotes: ['Асхат Шахаров'] })])
  })

  test('adds a span that everybody missed: proposed and approved in one act', async () => {
    const [id, content] = [fresh(), span('Ақтөбеде', 'city')]
    await rita.send('POST', `/articles/${article}/missed`, { id, content })
    expect((await gold()).map((row) => row.annotation)).toEqual([id])
    const decision = await app.services.db
      .selectFrom('decision')
      .select(['act', 'account'])
      .where('annotation', '=', id)
      .executeTakeFirst()
    expect(decision).toEqual({ act: 'missed', account: rita.account })
    expect(await rita.refusal('POST', `/articles/${article}/missed`, { id, content })).toBe('annotation_exists')
    const outside = { ...content, ranges: [[0, 1]] }
    expect(await rita.refusal('POST', `/articles/${article}/missed`, { id: fresh(), content: outside })).toBe(
      'span_inside_character',
    )
  })

  test('approves what was written when a default of an attribute was sent along', async () => {
    const content: Content = { ...span('Ақтөбеде', 'num'), attributes: [['unit', 'count']] }
    const bare = span('Ақтөбеде', 'num')
    const id = fresh()
    await rita.send('POST', `/articles/${article}/missed`, { id, content })
    expect((await gold()).map((row) => row.annotation)).toEqual([id])
    const other = span('Асхат', 'per')
    const second = await mark(ann, other)
    const amended = { ...content, ranges: other.kind === 'span' ? other.ranges : [] }
    await rita.send('POST', `/articles/${article}/amend`, { annotation: second, shown: other, content: amended })
    expect((await gold()).map((row) => row.annotation).sort()).toEqual([id, second].sort())
    expect(await stats()).toEqual({ annotated: 2, waiting: 0, approved: 2 })
    await decide(rita, approval(id, bare))
  })

  test('writes nothing into an article that was withdrawn meanwhile', async () => {
    const shown = span('Асхат', 'per')
    const id = await mark(ann, shown)
    await owner.send('POST', `/articles/${article}/withdraw`, { reason: 'a copy' })
    const write = app.live.write(bench.layer, rita.account, { edit: (doc) => doc.setLabel(id, 'prof') })
    await expect(write).rejects.toMatchObject({ code: 'article_withdrawn' })
    const act = app.services.db.transaction().execute((trx) => holdBench(trx, ctxOf(rita, 'Rita'), bench, 'decide'))
    await expect(act).rejects.toMatchObject({ code: 'article_withdrawn' })
  })

  test('signs off when nothing is undecided; a new span takes the sign-off away', async () => {
    const content = span('Ақтөбеде', 'city')
    const id = await mark(ann, content)
    expect(await rita.refusal('POST', `/articles/${article}/closing`)).toBe('undecided_left')
    await decide(rita, approval(id, content))
    await rita.send('POST', `/articles/${article}/closing`)
    const closing = () =>
      app.services.db.selectFrom('closing').select('reviewer').where('layer', '=', bench.layer).execute()
    expect(await closing()).toEqual([{ reviewer: rita.account }])
    await mark(ann, span('Асхат', 'per'))
    expect(await closing()).toEqual([])
    const fell = await app.services.db.selectFrom('audit').select('act').where('subject', '=', bench.layer).execute()
    expect(fell).toEqual([{ act: 'closing.fell' }])
  })
})

test('a relation is gold only while both its ends are', async () => {
  const [person, office] = [span('Асхат Шахаров', 'per'), span('Ақтөбеде', 'prof')]
  const [from, to] = [await mark(ann, person), await mark(ann, office)]
  const relation: Content = { kind: 'relation', from, to, label: 'holds-office', attributes: [] }
  const link = await mark(ann, relation)
  await decide(rita, approval(link, relation), approval(from, person))
  expect((await gold()).map((row) => row.annotation)).toEqual([from])
  await decide(rita, approval(to, office))
  expect((await gold()).map((row) => row.annotation).sort()).toEqual([from, to, link].sort())
  await app.live.write(bench.layer, ann.account, { edit: (doc) => doc.setGone(to, true) })
  expect((await gold()).map((row) => row.annotation)).toEqual([from])
})

test('what happened to a span is told in order', async () => {
  const content = span('Асхат', 'per')
  const id = await mark(ann, content)
  await app.live.write(bench.layer, ann.account, { edit: (doc) => doc.setLabel(id, 'prof') })
  await decide(rita, approval(id, { ...content, label: 'prof' }))
  const { entries } = await ann.get<{ entries: { kind: string; key: string | null; account: string }[] }>(
    `/articles/${article}/history/${id}`,
  )
  expect(entries.map(({ kind, account }) => [kind, account])).toEqual([
    ['field', ann.account],
    ['field', ann.account],
    ['decision', rita.account],
  ])
})
