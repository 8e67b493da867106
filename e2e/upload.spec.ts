import { writeFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { callerOf, type Caller } from './http.ts'
import { enter, team, type Person } from './people.ts'
import { startServer, type TestServer } from './server.ts'

/** So slow that the large file would be on its way for minutes: what ends it is the button. */
const BYTES_PER_SECOND = 20_000
const LINES = 20_000

let server: TestServer
let owner: Caller
let person: Person
let project: string

test.beforeAll(async ({ browser }) => {
  server = await startServer({ base: 'postgres' })
  owner = await callerOf(server.url, team.owner)
  const made = { name: 'Uploads', languages: ['ru', 'kk'], template: 'conll2003' }
  project = (await owner.do<{ id: string }>('POST', '/projects', made)).id
  person = await enter(browser, server.url, team.owner)
})
test.beforeEach(async () => {
  await person.page.goto(`${server.url}/projects/${project}/import`)
  await person.page.getByRole('heading', { level: 1, name: 'Add articles' }).waitFor()
})
test.afterAll(async () => {
  await person.context.close()
  await server.stop()
})

const line = (id: string) => `${JSON.stringify({ id, text: `Форум ${id} прошел в Актобе. Ақтөбеде форум өтті.` })}\n`
const large = () => Array.from({ length: LINES }, (_, n) => line(`n${n}`)).join('')

async function choose(page: Page, files: Record<string, string>): Promise<void> {
  const paths = Object.entries(files).map(([name, content]) => {
    const path = test.info().outputPath(name)
    writeFileSync(path, content)
    return path
  })
  await page.getByLabel('Choose files').last().setInputFiles(paths)
}

/** All that is stored of articles in the project, staged ones included. */
const stored = async () =>
  (await server.rows<{ n: number }>('select count(*)::int as n from article where project = $1', [project]))[0]!.n
const titles = async () =>
  (await owner.get<{ articles: { title: string }[] }>(`/projects/${project}/articles`)).articles.map((a) => a.title)

/** What the page says of a file on its way. */
const notice = (page: Page, words: RegExp) => page.locator('.notice').filter({ hasText: words })
const stop = (page: Page, words: RegExp) => notice(page, words).getByRole('button', { name: 'Stop' }).click()

/** Adds what the page has read and answers what it says then. */
async function add(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add 1 article' }).click()
  await page.getByText('1 article is in the project now.').waitFor()
}

test('a file that is stopped on its way leaves nothing, and the files behind it go on', async () => {
  const { page, context } = person
  const session = await context.newCDPSession(page)
  const slow = (uploadThroughput: number) =>
    session.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput },
    })
  await slow(BYTES_PER_SECOND)
  await choose(page, {
    'large.jsonl': large(),
    'waits.txt': 'Никто не прочтет.',
    'small.txt': 'Форум прошел в Актобе.',
  })
  await notice(page, /large\.jsonl: [1-9]\d? % sent/).waitFor()
  await expect.poll(stored).toBeGreaterThan(0)

  await stop(page, /waits\.txt/)
  await stop(page, /large\.jsonl/)
  for (const name of ['large.jsonl', 'waits.txt'])
    await expect(page.getByText(`${name} was stopped; nothing of it is here.`)).toBeVisible()
  await slow(-1)
  await expect(page.getByRole('main').getByRole('heading', { level: 2 })).toHaveText(['small.txt'])
  await expect.poll(stored).toBe(1)
  await add(page)
  expect(await titles()).toEqual(['Форум прошел в Актобе.'])
})

test('a file that is stopped while the server reads it leaves nothing, its ids neither', async () => {
  const { page } = person
  const before = await stored()
  await choose(page, { 'large.jsonl': large() })
  await notice(page, /large\.jsonl: the server is reading it/).waitFor()
  await stop(page, /large\.jsonl/)
  await page.getByText('large.jsonl was stopped; nothing of it is here.').waitFor()

  await choose(page, { 'again.jsonl': line('n0') })
  await expect(page.getByRole('row', { name: 'Форум n0' })).toBeVisible()
  await add(page)
  await expect.poll(stored).toBe(before + 1)
  expect(await titles()).toHaveLength(before + 1)
})
