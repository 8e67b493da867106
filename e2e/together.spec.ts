import { readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { drag, enter, clickWord, KAZAKH, listed, openArticle, saved, stored, team, type Person } from './people.ts'
import { startServer, type Base, type TestServer } from './server.ts'
import { unzip } from './unzip.ts'

interface Gold {
  annotation: string
  starts: number[]
  ends: number[]
  quotes: string[]
  label: string
}

const goldOf = (server: TestServer) =>
  server.rows<Gold>(
    `select g.annotation, g.starts, g.ends, g.quotes, g.label from gold g
     join revision r on r.id = g.revision join article a on a.id = r.article
     where g.to_cut is null and a.external_id = '004' order by g.starts, g.ends desc`,
  )

/** What both pages list in the end, once they agree. */
async function sameList(...people: Person[]): Promise<string[]> {
  await expect
    .poll(async () => {
      const lists = await Promise.all(people.map(({ page }) => listed(page)))
      return lists.every((list) => list.join('\n') === lists[0]!.join('\n'))
    })
    .toBe(true)
  return listed(people[0]!.page)
}

for (const base of ['pglite', 'postgres'] as const satisfies readonly Base[]) {
  test.describe(`three people on ${base}`, () => {
    let server: TestServer
    test.beforeAll(async () => {
      server = await startServer({ base })
    })
    test.afterAll(() => server.stop())

    test('mark at once, go offline, survive a killed server, review, and export what stands', async ({ browser }) => {
      const ann = await enter(browser, server.url, team.ann)
      const dan = await enter(browser, server.url, team.dan)
      const rita = await enter(browser, server.url, team.reviewer)
      for (const person of [ann, dan]) await openArticle(person, server.url, KAZAKH)

      // both mark at once
      await clickWord(ann.page, 'Ақтөбеде')
      await drag(dan.page, 'Асхат Шахаров')
      await Promise.all([ann.page.keyboard.press('KeyT'), dan.page.keyboard.press('KeyA')])
      await stored(ann.page)
      await stored(dan.page)
      let list = await sameList(ann, dan)
      expect(list).toHaveLength(2)
      expect(list[0]).toContain('CITY Ақтөбеде')
      expect(list[1]).toContain('PER Асхат Шахаров')

      // one is cut off and goes on; nobody else sees it yet
      await ann.context.setOffline(true)
      await drag(ann.page, '«Қазақстан халқына» қоғамдық қоры')
      await ann.page.keyboard.press('KeyG')
      await expect(ann.page.getByText(/offline, 1 edit/)).toBeVisible()
      await clickWord(dan.page, 'биыл')
      await dan.page.keyboard.press('KeyD')
      await stored(dan.page)
      expect(await listed(dan.page)).toHaveLength(3)

      // the server is killed in the middle, and comes back with all it acknowledged
      await server.kill()
      await drag(dan.page, '2,1 млрд теңге')
      await dan.page.keyboard.press('KeyV')
      await expect(dan.page.getByText(/1 edit/)).toBeVisible()
      await server.start()
      await ann.context.setOffline(false)
      await stored(dan.page)
      await stored(ann.page)
      await saved(ann.page).waitFor()
      list = await sameList(ann, dan)
      expect(list.map((row) => row.split(' ')[0])).toEqual(['CITY', 'PER', 'ORG', 'DATE', 'MON'])
      expect(list[2]).toContain('«Қазақстан халқына» қоғамдық қоры')

      // the reviewer approves them all by key; the seal drops in everybody's browser
      await rita.page.goto(`${ann.page.url()}/review`)
      const approve = rita.page.getByRole('button', { name: /^Approve/ }).first()
      await rita.page.locator('[data-review][data-loaded="true"]').waitFor()
      await saved(rita.page).waitFor()
      for (let left = list.length; left > 0; left--) {
        await expect(approve).toBeEnabled()
        await rita.page.keyboard.press('Enter')
        await expect
          .poll(async () => (await listed(ann.page)).filter((row) => row.includes('approved')).length)
          .toBe(list.length - left + 1)
      }
      await sameList(ann, dan)

      // a changed span loses its approval, visibly, for all
      await dan.page.getByRole('button', { name: /PER Асхат Шахаров/ }).click()
      await dan.page.keyboard.press('KeyR')
      await stored(dan.page)
      await expect.poll(async () => (await listed(ann.page)).find((row) => row.includes('Асхат'))).toContain('changed')
      const standing = list.map((row) => row.split(' ')[0]).filter((code) => code !== 'PER')

      // rows in Postgres are what the pages show
      if (base === 'postgres') {
        const gold = await goldOf(server)
        expect(gold.map((row) => row.label.toUpperCase())).toEqual(standing)
        const text = [...readFileSync(new URL('../seeds/articles/004_946f01ded0a9952b.txt', import.meta.url), 'utf8')]
        for (const row of gold)
          expect(row.quotes).toEqual(row.starts.map((start, i) => text.slice(start, row.ends[i]).join('')))
      }

      // the export holds the same spans as the rows
      await rita.page.goto(`${server.url}/projects`)
      await rita.page.getByRole('link', { name: 'Новости Актобе' }).first().click()
      await rita.page.getByRole('link', { name: 'Download the corpus' }).first().click()
      const download = rita.page.waitForEvent('download')
      await rita.page
        .getByRole('button', { name: /^Download, nothing lost/ })
        .or(rita.page.getByRole('link', { name: /^Download, nothing lost/ }))
        .click()
      const files = await unzip(await (await download).path())
      const article = files['corpus.jsonl']!.split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Exported)
        .find((line) => line.title === KAZAKH)!
      const exported = article.annotations.map(({ label, quotes }) => `${label.toUpperCase()} ${quotes.join(' ')}`)
      expect(exported.map((line) => line.split(' ')[0])).toEqual(standing)
      if (base === 'postgres')
        expect(exported).toEqual(
          (await goldOf(server)).map((row) => `${row.label.toUpperCase()} ${row.quotes.join(' ')}`),
        )
      expect(files['report.json']).toContain('"kept"')
      for (const { context } of [ann, dan, rita]) await context.close()
    })
  })
}

interface Exported {
  title: string
  annotations: { label: string; quotes: string[] }[]
}
