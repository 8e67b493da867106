import { readFileSync } from 'node:fs'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { enter, KAZAKH, openArticle, settled, stored, team } from './people.ts'
import { startServer, type TestServer } from './server.ts'

interface GoldSpan {
  start: number
  end: number
  quote: string
  label: string
}

const read = <T>(file: string) => JSON.parse(readFileSync(new URL(`../seeds/${file}`, import.meta.url), 'utf8')) as T
const keys = new Map(
  read<{ labels: { code: string; key: string }[] }>('labels.json').labels.map((label) => [label.code, label.key]),
)

let server: TestServer
test.beforeAll(async () => {
  server = await startServer({ base: 'postgres' })
})
test.afterAll(() => server.stop())

// Every span of the complete gold of a Russian and of a Kazakh article is made by hand in the editor: one drag and one key,
// and lands where it stands. Of the one that the demo shows as approved already, a copy without marks is added first.
for (const article of ['002', '004'] as const)
  test(`the gold of ${article} is what a hand makes in the editor`, async ({ browser }) => {
    const gold = read<{ spans: GoldSpan[] }>(`gold/${article}.json`).spans
    const ann = await enter(browser, server.url, team.ann)
    const copy = article === '004' ? null : await addCopy(browser, article)
    await openArticle(ann, server.url, copy ?? KAZAKH)
    // inner ones first, as the guidelines are read; a drag over marked text selects the words, not the mark
    const spans = [...gold].sort((a, b) => a.end - a.start - (b.end - b.start))
    for (const span of spans) {
      await dragOver(ann.page, span)
      await ann.page.keyboard.press(keys.get(span.label)!)
    }
    await stored(ann.page)
    const rows = await server.rows<{ start: number; end: number; label: string }>(
      `select (n.content->'ranges'->0->>0)::int as start, (n.content->'ranges'->0->>1)::int as end, upper(n.content->>'label') as label
       from annotation n join layer l on l.id = n.layer join revision r on r.id = l.revision join article a on a.id = r.article
       where a.external_id = $1 and n.gone_at is null order by 1, 2 desc`,
      [copy ?? article],
    )
    const made = rows.map(({ start, end, label }) => `${start}-${end} ${label}`)
    const expected = [...gold]
      .sort((a, b) => a.start - b.start || b.end - a.end)
      .map(({ start, end, label }) => `${start}-${end} ${label}`)
    expect(made).toEqual(expected)
    await ann.context.close()
  })

/** Adds an unmarked copy of a demo article, as its owner would by a JSON Lines file. Answers its title. */
async function addCopy(browser: Browser, article: string): Promise<string> {
  const owner = await enter(browser, server.url, team.owner)
  const title = `Copy of ${article}`
  const [{ text }] = (await server.rows<{ text: string }>(
    `select string_agg(c.body, '' order by c.no) as text from revision_chunk c join revision r on r.id = c.revision
     join article a on a.id = r.article where a.external_id = $1`,
    [article],
  )) as [{ text: string }]
  await owner.page.goto(`${server.url}/projects`)
  await owner.page.getByRole('link', { name: 'Новости Актобе' }).first().click()
  await owner.page.getByRole('link', { name: 'Add articles' }).first().click()
  const line = JSON.stringify({ id: title, title, language: 'ru', text })
  await owner.page
    .locator('input[type="file"]')
    .setInputFiles({ name: `${article}.jsonl`, mimeType: 'application/jsonl', buffer: Buffer.from(line) })
  await owner.page.getByRole('button', { name: 'Add 1 article' }).click()
  await owner.page.getByText('1 article is in the project now.').waitFor()
  await owner.context.close()
  return title
}

/** From inside the first word to inside the last, by offsets of the text. */
async function dragOver(page: Page, { start, end }: GoldSpan): Promise<void> {
  const [from, to] = await placesOf(page, start, end)
  await page.mouse.move(from!.x, from!.y)
  await page.mouse.down()
  await page.mouse.move(to!.x, to!.y, { steps: 4 })
  await page.mouse.up()
}

/** Places inside the first and the last letter of a range, scrolled into view. */
async function placesOf(page: Page, start: number, end: number): Promise<{ x: number; y: number }[]> {
  const measure = (scroll: boolean) =>
    page.evaluate(
      ({ start, end, scroll }) => {
        let from = 0
        const letters = new Map<number, DOMRect>()
        for (const paragraph of document.querySelectorAll('.surface section p')) {
          const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT)
          while (walker.nextNode()) {
            const node = walker.currentNode as Text
            for (const offset of [start, end - 1]) {
              if (offset < from || offset >= from + node.data.length) continue
              if (scroll && offset === start) node.parentElement!.scrollIntoView({ block: 'center' })
              const range = document.createRange()
              range.setStart(node, offset - from)
              range.setEnd(node, offset - from + 1)
              letters.set(offset, range.getBoundingClientRect())
            }
            from += node.data.length
          }
        }
        return [start, end - 1].map((offset) => {
          const box = letters.get(offset)!
          // whole pixels, as a mouse has them
          return { x: Math.round(box.left + box.width * 0.4), y: Math.round(box.top + box.height / 2) }
        })
      },
      { start, end, scroll },
    )
  await measure(true)
  return settled(page, () => measure(false))
}
