import { expect, type Browser, type BrowserContext, type Page } from '@playwright/test'

const STILL_FRAMES = 3

/** Somebody at a browser of their own. */
export interface Person {
  readonly context: BrowserContext
  readonly page: Page
}

export const team = {
  owner: 'Мәдина Ермек',
  reviewer: 'Ольга Ким',
  ann: 'Айгерім Сәрсенбай',
  dan: 'Данияр Оспанов',
} as const

/** Opens a browser window of its own, English unless told, that fails on any error of a page's script. */
export async function window(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Person> {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  return { context, page }
}

/** Signs one of the demo team in by a click, as anybody on the server's own machine may. */
export async function enter(browser: Browser, url: string, name: string, options = {}): Promise<Person> {
  const person = await window(browser, options)
  await person.page.goto(`${url}/projects`)
  await person.page.getByRole('button', { name }).click()
  // the sign-in page has none; going on before it is there would break the sign-in off
  await person.page.getByRole('banner').waitFor()
  return person
}

/** The Kazakh article, which stands open to be annotated. */
export const KAZAKH = 'Ақтөбеде «Белсенді қоғам – берік болашақ» тақырыбында XII Азаматтық форум өтті'

/** Goes from anywhere inside the project list to the demo's article of this title. */
export async function openArticle({ page }: Person, url: string, title: string): Promise<void> {
  await page.goto(`${url}/projects`)
  await page.getByRole('link', { name: 'Новости Актобе' }).first().click()
  await page.getByRole('link', { name: title, exact: true }).click()
  await opened(page)
}

/** Waits until an article is there with its spans: a line above the text goes then, and moves it. */
export async function opened(page: Page): Promise<void> {
  await page.locator('[data-loaded="true"]').waitFor()
  await textOf(page).waitFor()
  await saved(page).waitFor()
}

export const textOf = (page: Page) => page.getByLabel('Text of the article')

/** The place of the n-th occurrence of some words on the screen, scrolled into view. */
export async function boxOf(
  page: Page,
  words: string,
  nth = 0,
): Promise<{ x: number; y: number; right: number; bottom: number }> {
  await page.evaluate(async () => void (await document.fonts.ready))
  const found = () =>
    page.evaluate(
      ({ words, nth }) => {
        const nodes: { node: Text; from: number }[] = []
        let text = ''
        for (const paragraph of document.querySelectorAll('.surface section p')) {
          const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT)
          while (walker.nextNode()) {
            const node = walker.currentNode as Text
            nodes.push({ node, from: text.length })
            text += node.data
          }
        }
        let start = -1
        for (let i = 0; i <= nth; i++) start = text.indexOf(words, start + 1)
        if (start < 0) throw new Error(`"${words}" is not in the text`)
        const at = (offset: number, end: boolean) => {
          const { node, from } = nodes.findLast((n) => (end ? n.from < offset : n.from <= offset))!
          return [node, offset - from] as const
        }
        const range = document.createRange()
        range.setStart(...at(start, false))
        range.setEnd(...at(start + words.length, true))
        range.startContainer.parentElement!.scrollIntoView({ block: 'center' })
        const rects = [...range.getClientRects()].filter((rect) => rect.width > 0)
        const [first, last] = [rects[0]!, rects.at(-1)!]
        return { x: first.left, y: first.top + 12, right: last.right, bottom: last.top + 12 }
      },
      { words, nth },
    )
  return settled(page, found)
}

/** What is measured once nothing moves any more: the same on several frames in a row. */
export async function settled<T>(page: Page, measure: () => Promise<T>): Promise<T> {
  let last = ''
  for (let same = 0; ;) {
    const measured = await measure()
    same = JSON.stringify(measured) === last ? same + 1 : 0
    if (same === STILL_FRAMES) return measured
    last = JSON.stringify(measured)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
  }
}

/** Selects words as a hand does: from inside the first to inside the last. */
export async function drag(page: Page, words: string, nth = 0): Promise<void> {
  const box = await boxOf(page, words, nth)
  await page.mouse.move(box.x + 3, box.y)
  await page.mouse.down()
  await page.mouse.move(box.right - 3, box.bottom, { steps: 6 })
  await page.mouse.up()
}

/** Clicks into the middle of a word. */
export async function clickWord(page: Page, word: string, nth = 0): Promise<void> {
  const box = await boxOf(page, word, nth)
  await page.mouse.click((box.x + (box.y === box.bottom ? box.right : box.x + 12)) / 2, box.y)
}

/** The saved state, top right, when all is on the server. */
export const saved = (page: Page) => page.getByText('saved', { exact: true }).first()

/** The spans that a page lists, as "CODE quote state", in reading order. Who is at one is not part of it. */
export const listed = (page: Page): Promise<string[]> =>
  rowsOf(page).evaluateAll((rows) =>
    rows.map((row) => {
      const part = (selector: string) => row.querySelector(selector)!.textContent.trim()
      return `${row.children[1]!.textContent.trim()} ${part('.quote')} ${part('.unseen')}`
    }),
  )

/** Waits until every listed span is acknowledged; the word "saved" gives way to "saving" only after a moment. */
export const stored = (page: Page): Promise<void> =>
  expect.poll(async () => (await listed(page)).filter((row) => row.includes('not yet saved'))).toEqual([])

export const rowsOf = (page: Page) => page.locator('li > button:has(.quote)')
