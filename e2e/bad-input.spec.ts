import { writeFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { callerOf, type Caller } from './http.ts'
import { enter, team, type Person } from './people.ts'
import { startServer, type TestServer } from './server.ts'

let server: TestServer
let owner: Caller
let person: Person
let project: string

test.beforeAll(async ({ browser }) => {
  server = await startServer()
  owner = await callerOf(server.url, team.owner)
  const made = { name: 'Bad input', languages: ['ru', 'kk'], template: 'conll2003' }
  project = (await owner.do<{ id: string }>('POST', '/projects', made)).id
  person = await enter(browser, server.url, team.owner)
})
test.afterAll(async () => {
  await person.context.close()
  await server.stop()
})

interface Refused {
  readonly what: string
  readonly name: string
  readonly content: Buffer | string
  /** Where the page says it is: the file, with the line after a colon where a line is meant. */
  readonly at: string
  readonly says: string
}

const good = JSON.stringify({ text: 'Форум прошел в Актобе.' })
const NOT_UTF8 = Buffer.concat([Buffer.from('Форум '), Buffer.from([0xc3, 0x28]), Buffer.from(' прошел.')])

const refused: readonly Refused[] = [
  {
    what: 'NUL in a text',
    name: 'nul.txt',
    content: 'Форум\0 прошел.',
    at: 'nul.txt',
    says: 'The text holds a NUL character at offset 5. Save the file as plain UTF‑8 text.',
  },
  {
    what: 'NUL in a line',
    name: 'nul.jsonl',
    content: `${good}\n{"text":"Форум\\u0000 прошел."}\n`,
    at: 'nul.jsonl:2',
    says: 'The text holds a NUL character at offset 5. Save the file as plain UTF‑8 text.',
  },
  {
    what: 'half a character in a line',
    name: 'half.jsonl',
    content: `${good}\n${good}\n{"text":"Форум \\ud83d прошел."}\n`,
    at: 'half.jsonl:3',
    says: 'The text holds half a character (a lone surrogate) at offset 6. Export it anew from its source.',
  },
  {
    what: 'bytes that are not UTF-8',
    name: 'latin.txt',
    content: NOT_UTF8,
    at: 'latin.txt',
    says: 'The file is not UTF‑8 (byte 11). Save it as UTF‑8.',
  },
  {
    what: 'a line that is not UTF-8',
    name: 'latin.jsonl',
    content: Buffer.concat([Buffer.from(`${good}\n{"text":"`), NOT_UTF8, Buffer.from('"}\n')]),
    at: 'latin.jsonl:2',
    says: 'The file is not UTF‑8 (byte 20). Save it as UTF‑8.',
  },
  {
    what: 'fifty megabytes of text',
    name: 'large.txt',
    content: Buffer.alloc(50 * 1024 * 1024, 'Форум прошел в Актобе. '),
    at: 'large.txt',
    says: 'The file is too large (limit 8 MB). Plain text may have 8 MB, JSON Lines 2 GB.',
  },
  {
    what: 'an empty text',
    name: 'empty.txt',
    content: '',
    at: 'empty.txt',
    says: 'There is no text in it. Add text and choose the file again.',
  },
  {
    what: 'lines without one',
    name: 'empty.jsonl',
    content: '\n\n',
    at: 'empty.jsonl',
    says: 'There is no text in it. Add text and choose the file again.',
  },
  {
    what: 'a line that is no JSON',
    name: 'broken.jsonl',
    content: `${good}\n{"text": "Форум\n`,
    at: 'broken.jsonl:2',
    says: 'The line is not JSON. Each line must hold one whole object.',
  },
  {
    what: 'a line without a text',
    name: 'untold.jsonl',
    content: `${good}\n\n{"title": "Форум"}\n`,
    at: 'untold.jsonl:3',
    says: 'The line has no "text". Add the field.',
  },
  {
    what: 'a file of a word processor',
    name: 'article.docx',
    content: Buffer.from('PK\x03\x04word/document.xml'),
    at: 'article.docx',
    says: 'This kind of file cannot be read. Take .txt or .jsonl.',
  },
]

const imported = async () => (await owner.get<{ articles: unknown[] }>(`/projects/${project}/articles`)).articles.length

async function choose(page: Page, ...files: Pick<Refused, 'name' | 'content'>[]): Promise<void> {
  const paths = files.map(({ name, content }) => {
    const path = test.info().outputPath(name)
    writeFileSync(path, content)
    return path
  })
  await page.getByLabel('Choose files').last().setInputFiles(paths)
}

const sectionOf = (page: Page, name: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name, exact: true }) })
const addButton = (page: Page) => page.getByRole('button', { name: /^Add \d+ article/ })

async function openPage(): Promise<Page> {
  const { page } = person
  await page.goto(`${server.url}/projects/${project}/import`)
  await page.getByRole('heading', { level: 1, name: 'Add articles' }).waitFor()
  return page
}

test('each bad file is refused by its name, its line and its reason, and nothing is imported', async () => {
  const page = await openPage()
  for (const { what, name, content, at, says } of refused)
    await test.step(what, async () => {
      await choose(page, { name, content })
      const section = sectionOf(page, name)
      await expect(section.getByRole('listitem')).toHaveText([`${at} ${says}`])
      await expect(section.getByText('Nothing has been added.')).toBeVisible()
      await expect(addButton(page)).toBeDisabled()
      await section.getByRole('button', { name: 'Leave this file out' }).click()
      await expect(section).toHaveCount(0)
    })
  expect(await imported()).toBe(0)
})

test('every refusal of a file is listed, and its good lines do not come in either', async () => {
  const page = await openPage()
  const bad = ['{"text": 5}', '[]', '{"text":"a","date":"yesterday"}', '{"text":""}']
  await choose(page, { name: 'many.jsonl', content: [good, ...bad, good].join('\n') })
  await expect(sectionOf(page, 'many.jsonl').getByRole('listitem')).toHaveText([
    'many.jsonl:2 The line has no "text". Add the field.',
    'many.jsonl:3 The line is not JSON. Each line must hold one whole object.',
    'many.jsonl:4 The field “date” has a form that is not allowed. Correct it or leave it out.',
    'many.jsonl:5 There is no text in it. Add text and choose the file again.',
  ])
  await expect(addButton(page)).toBeDisabled()
  await page.getByRole('button', { name: 'Discard all' }).click()
  expect(await imported()).toBe(0)
})

test('a good file beside a bad one comes in only once the bad one is left out', async () => {
  const page = await openPage()
  const opened = page.waitForResponse((response) => response.url().endsWith('/imports'))
  await choose(
    page,
    { name: 'good.txt', content: 'Форум прошел в Актобе.\n' },
    { name: 'bad.txt', content: 'Форум\0' },
    { name: 'two.jsonl', content: `${good}\n${good}\n` },
  )
  await expect(sectionOf(page, 'two.jsonl').getByText('2 articles')).toBeVisible()
  await expect(sectionOf(page, 'bad.txt').getByRole('listitem')).toContainText('bad.txt')
  await expect(addButton(page)).toBeDisabled()

  // nor does whoever goes past the page
  const { id } = (await (await opened).json()) as { id: string }
  const past = await owner.ask('POST', `/imports/${id}/publish`)
  expect([past.status, past.text]).toEqual([409, expect.stringContaining('import_refused')])
  expect(await imported()).toBe(0)

  await sectionOf(page, 'bad.txt').getByRole('button', { name: 'Leave this file out' }).click()
  await expect(addButton(page)).toHaveText('Add 3 articles')
  await addButton(page).click()
  await expect(page.getByText('3 articles are in the project now.')).toBeVisible()
  expect(await imported()).toBe(3)
})
