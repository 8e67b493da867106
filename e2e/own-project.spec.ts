import { writeFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { clickWord, drag, listed, opened, stored, window, type Person } from './people.ts'
import { startServer, type TestServer } from './server.ts'
import { unzip } from './unzip.ts'

const TITLE = 'Алина Ермекова выступила в Актобе.'
const TEXT = `${TITLE}\nСтуденты слушали Алину Ермекову, потом пели.\n`
const KAZAKH = {
  id: 'k1',
  title: 'Форум туралы',
  date: '2025-10-02',
  text: 'Ақтөбеде форум өтті.',
  newspaper: 'Ақтөбе',
}

let server: TestServer
test.beforeAll(async () => {
  server = await startServer({ base: 'postgres', demo: false })
})
test.afterAll(() => server.stop())

interface Gold {
  annotation: string
  starts: number[]
  ends: number[]
  quotes: string[]
  label: string
  code: string
}
/** What stands in Postgres, in reading order, with the code of each label. */
const gold = () =>
  server.rows<Gold>(
    `select g.annotation, g.starts, g.ends, g.quotes, g.label,
       (select l ->> 'code' from label_set s, jsonb_array_elements(s.content -> 'labels') l
        where s.project = g.project and l ->> 'id' = g.label order by s.no desc limit 1) as code
     from gold g where g.to_cut is null order by g.starts`,
  )

async function comeIn(person: Person, link: string, act: string, name: string): Promise<void> {
  const { page } = person
  await page.goto(link)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('E-mail').fill(`${name.toLowerCase()}@example.org`)
  await page.getByLabel('Password').fill('a long password')
  await page.getByRole('button', { name: act }).click()
  await page.getByRole('button', { name: `Menu of ${name}` }).waitFor()
}

async function makeProject(page: Page): Promise<void> {
  await page.getByText('No project yet').waitFor()
  await page.getByRole('button', { name: 'New project' }).click()
  const dialog = page.getByRole('dialog', { name: 'New project' })
  await dialog.getByLabel('Name of the project').fill('Свой корпус')
  await dialog.getByText('None, I make my own').click()
  await dialog.getByRole('button', { name: 'Make the project' }).click()
  await page.getByRole('heading', { level: 1, name: 'Свой корпус' }).waitFor()
}

async function addLabel(page: Page, code: string, name: string, key: string): Promise<void> {
  await page.getByRole('button', { name: 'New label' }).click()
  await page.getByLabel('Name, English').fill(name)
  await page.getByLabel('Code', { exact: true }).fill(code)
  await page.getByLabel('Key', { exact: true }).selectOption(key)
}

async function makeLabels(page: Page): Promise<void> {
  await page.getByRole('link', { name: /^Labels/ }).click()
  await page.getByText('No labels yet').waitFor()
  await addLabel(page, 'HERO', 'Hero', 'KeyH')
  await addLabel(page, 'TOWN', 'Town', 'KeyH')
  const save = page.getByRole('button', { name: 'Save as revision 2' })
  await expect(page.getByText(/^The key H.* is taken by HERO/).first()).toBeVisible()
  await expect(save).toBeDisabled()
  await page.getByLabel('Key', { exact: true }).selectOption('KeyT')
  await save.click()
  await page.getByText('Saved as revision 2.').waitFor()
}

async function addArticles(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Add articles' }).first().click()
  await page.getByRole('heading', { level: 1, name: 'Add articles' }).waitFor()
  const path = test.info().outputPath('алина.txt')
  writeFileSync(path, TEXT)
  const choosing = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choose files' }).click()
  await (await choosing).setFiles(path)
  await page.getByRole('heading', { name: 'алина.txt' }).waitFor()
  await drop(page, 'форум.jsonl', `${JSON.stringify(KAZAKH)}\n`)
  await page.getByRole('heading', { name: 'форум.jsonl' }).waitFor()

  // what will come is shown, with its language recognised
  await expect(page.getByRole('row', { name: TITLE })).toContainText(String([...TEXT].length))
  await expect(page.getByLabel(`Language of «${TITLE}»`)).toHaveValue('ru')
  await expect(page.getByLabel(`Language of «${KAZAKH.title}»`)).toHaveValue('kk')
  await expect(page.getByRole('row', { name: KAZAKH.title })).toContainText(KAZAKH.text)
  await page.getByRole('button', { name: 'Add 2 articles' }).click()
  await page.getByText('2 articles are in the project now.').waitFor()
}

async function drop(page: Page, name: string, content: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([name, content]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([content!], name!))
      return transfer
    },
    [name, content],
  )
  const zone = page.getByRole('group', { name: 'Drop files here' })
  await zone.dispatchEvent('dragover', { dataTransfer })
  await page.getByText('Let go to read them').waitFor()
  await page.getByRole('group').filter({ hasText: 'Let go to read them' }).dispatchEvent('drop', { dataTransfer })
}

async function invite(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'People' }).click()
  await page.getByRole('button', { name: 'Invite' }).click()
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' })
  await expect(dialog.getByRole('radio', { name: 'annotator' })).toBeChecked()
  await dialog.getByRole('button', { name: 'Make the link' }).click()
  const link = await dialog.getByLabel('The link').inputValue()
  await dialog.getByRole('button', { name: 'Done' }).click()
  return link
}

async function download(page: Page, format: string): Promise<Record<string, string>> {
  await page.getByText(format, { exact: true }).click()
  const coming = page.waitForEvent('download')
  await page.getByRole('link', { name: /^Download, no/ }).click()
  return unzip(await (await coming).path())
}

/** The spans of a CoNLL-2003 file as "CODE words". */
function spansIn(conll: string): string[] {
  const spans: string[] = []
  for (const line of conll.split('\n')) {
    const [word, , , tag] = line.split(' ')
    if (tag?.startsWith('B-')) spans.push(`${tag.slice(2)} ${word!}`)
    else if (tag?.startsWith('I-')) spans.push(`${spans.pop()!} ${word!}`)
  }
  return spans
}

test('from nothing to a corpus of one’s own', async ({ browser }) => {
  const owner = await window(browser)
  await comeIn(owner, server.links().first!, 'Become the owner', 'Olga')
  await makeProject(owner.page)
  const project = new URL(owner.page.url()).pathname
  await makeLabels(owner.page)
  await addArticles(owner.page)
  const link = await invite(owner.page)

  const ann = await window(browser)
  await comeIn(ann, link, 'Join the project', 'Ann')
  await ann.page.getByRole('link', { name: TITLE }).click()
  await opened(ann.page)
  await drag(ann.page, 'Алина Ермекова')
  await ann.page.keyboard.press('KeyH')
  await clickWord(ann.page, 'Актобе')
  await ann.page.keyboard.press('KeyT')
  await expect.poll(() => listed(ann.page)).toHaveLength(2)
  await stored(ann.page)

  const { page } = owner
  await page.goto(`${ann.page.url()}/review`)
  await page.locator('[data-review][data-loaded="true"]').waitFor()
  for (const n of [1, 2]) {
    await expect(page.getByRole('button', { name: /^Approve/ }).first()).toBeEnabled()
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await listed(ann.page)).filter((row) => row.includes('approved')).length).toBe(n)
  }
  // a press within a moment of the last decision was meant for that one, and does nothing
  await expect(async () => {
    const signedOff = page.getByText('Signed off', { exact: true })
    if (await signedOff.isVisible()) return
    await page.getByRole('button', { name: 'Sign the article off' }).click({ timeout: 1000 })
    expect(await signedOff.isVisible()).toBe(true)
  }).toPass()

  const rows = await gold()
  expect(rows.map(({ code, quotes }) => [code, ...quotes])).toEqual([
    ['HERO', 'Алина Ермекова'],
    ['TOWN', 'Актобе'],
  ])

  await page.goto(`${server.url}${project}/export`)
  const conll = await download(page, 'CoNLL-2003 (IOB2)')
  expect(spansIn(conll['corpus.conll']!)).toEqual(rows.map(({ code, quotes }) => `${code} ${quotes[0]!}`))
  const report = JSON.parse(conll['report.json']!) as { kept: number; left: { title: string }[] }
  expect(report.kept).toBe(2)
  // nobody has signed the other article off, so it may not teach that there is nothing in it
  expect(report.left.map(({ title }) => title)).toEqual([KAZAKH.title])
  expect(conll['corpus.conll']).not.toContain('өтті')

  const jsonl = await download(page, 'JSON Lines (Tamga)')
  const lines = jsonl['corpus.jsonl']!.split('\n').filter(Boolean)
  const [russian, kazakh] = [TITLE, KAZAKH.title].map((title) =>
    lines.map((line) => JSON.parse(line) as Exported).find((article) => article.title === title)!,
  )
  expect(russian!.text).toBe(TEXT)
  expect(kazakh).toMatchObject({
    text: KAZAKH.text,
    date: KAZAKH.date,
    meta: { newspaper: KAZAKH.newspaper },
    annotations: [],
  })
  expect(
    russian!.annotations.map(({ id, label, code, quotes, ranges }) => ({ id, label, code, quotes, ranges })),
  ).toEqual(
    rows.map(({ annotation, label, code, quotes, starts, ends }) => ({
      ...{ id: annotation, label, code, quotes },
      ranges: starts.map((start, i) => [start, ends[i]]),
    })),
  )
  for (const { context } of [owner, ann]) await context.close()
})

interface Exported {
  title: string
  text: string
  date: string | null
  meta: Record<string, unknown>
  annotations: { id: string; label: string; code: string; quotes: string[]; ranges: [number, number][] }[]
}
