import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { sha256Hex } from '@tamga/model'
import type { Db } from '../db/open.ts'
import { openTestApp, type TestApp } from '../test-app.ts'
import { Segmenter } from './segmenter.ts'
import { BODY_STATEMENT } from './store.ts'

let app: TestApp
let owner: Awaited<ReturnType<TestApp['person']>>
let project: string
beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
  project = (await owner.send<{ id: string }>('POST', '/projects', { name: 'N', languages: [], template: 'news' })).id
})
afterAll(() => app.close())

const long = '😀 '.repeat(100_000)

test('ends its thread at a text that takes too long, and cuts the next one in another', async () => {
  const segmenter = new Segmenter(inject('segmentWorker'), { ms: 5, msPerMillion: 0 })
  await expect(segmenter.cut(long, null)).rejects.toMatchObject({ code: 'text_too_slow', details: { seconds: 1 } })
  await segmenter.close()
  const patient = new Segmenter(inject('segmentWorker'), { ms: 60_000, msPerMillion: 0 })
  const [one, two] = await Promise.all([patient.cut('Ат. Ит.', 'kk'), patient.cut(long, null)])
  expect([...one.tokens]).toEqual([0, 2, 2, 3, 4, 6, 6, 7])
  expect([...one.sentences]).toEqual([0, 4, 4, 7])
  expect(two.tokens.length).toBe(200_000)
  await patient.close()
})

interface FileView {
  id: string
  articles: number
  refusals: { line: number | null; code: string }[]
}

async function upload(importId: string, name: string, content: string): Promise<FileView> {
  const form = new FormData()
  form.append('file', new File([content], name))
  const encoded = new Request('http://x/', { method: 'POST', body: form })
  const response = await app.app.request(`/api/imports/${importId}/files`, {
    method: 'POST',
    headers: {
      ...{ host: '127.0.0.1:4173', origin: 'http://127.0.0.1:4173', cookie: owner.cookie },
      'content-type': encoded.headers.get('content-type')!,
    },
    body: await encoded.arrayBuffer(),
  })
  return ((await response.json()) as { files: FileView[] }).files[0]!
}

const openImport = async () => (await owner.send<{ id: string }>('POST', `/projects/${project}/imports`)).id

test('an article that takes too long is refused by its line, and others are served meanwhile', async () => {
  const services = app.services as { segmenter: Segmenter }
  const before = services.segmenter
  services.segmenter = new Segmenter(inject('segmentWorker'), { ms: 200, msPerMillion: 0 })
  try {
    let over = false
    const slow = JSON.stringify({ text: '😀‍'.repeat(500_000) })
    const uploaded = upload(await openImport(), 'a.jsonl', slow).finally(() => (over = true))
    let served = 0
    while (!over) {
      await owner.get('/projects')
      served++
    }
    expect((await uploaded).refusals.map(({ line, code }) => [line, code])).toEqual([[1, 'text_too_slow']])
    expect(served).toBeGreaterThan(1)
  } finally {
    await services.segmenter.close()
    services.segmenter = before
  }
})

test.each([
  ['600,000 Han characters', '漢字。'.repeat(200_000)],
  ['a million emoji', '😀'.repeat(1_000_000)],
])('%s come in by bounded statements and out to the letter', async (_name, text) => {
  const services = app.services as { db: Db }
  const before = services.db
  const bytes: number[] = []
  services.db = before.withPlugin({
    transformQuery: ({ node }) => (bytes.push(sizeOf(node)), node),
    transformResult: ({ result }) => Promise.resolve(result),
  })
  const id = await openImport()
  expect(await upload(id, 'a.txt', text)).toMatchObject({ articles: 1, refusals: [] })
  expect(await owner.send('POST', `/imports/${id}/publish`)).toEqual({ articles: 1 })
  services.db = before
  // a statement more than full by one chunk: 8,192 units of 3 bytes, and what is packed beside them
  expect(Math.max(...bytes)).toBeLessThan(3 * (BODY_STATEMENT.units + 20_000))
  expect(bytes.filter((size) => size > 100_000).length).toBeGreaterThan(5)
  const { articles } = await owner.get<{ articles: { id: string }[] }>(`/projects/${project}/articles`)
  const shown = await owner.get<{ revision: { text: string; sha256: string } }>(`/articles/${articles.at(-1)!.id}`)
  expect(shown.revision.text === text).toBe(true)
  expect(shown.revision.sha256).toBe(sha256Hex(text))
})

/** The bytes of all values in a statement. */
function sizeOf(node: unknown): number {
  if (node instanceof Uint8Array) return node.length
  if (typeof node === 'string') return Buffer.byteLength(node)
  if (typeof node !== 'object' || node === null) return 8
  return Object.values(node).reduce<number>((sum, value) => sum + sizeOf(value), 0)
}
