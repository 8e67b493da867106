import { expect, test, type Browser, type Page } from '@playwright/test'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { examine } from './examine.ts'
import {
  clickWord,
  enter,
  KAZAKH,
  listed,
  openArticle,
  opened,
  saved,
  stored,
  team,
  textOf,
  type Person,
} from './people.ts'
import { startServer, type TestServer } from './server.ts'

const PROJECT = 'Новости Актобе'
const OTHER = 'В Алматы прошел XIV Гражданский форум'

let server: TestServer
test.beforeAll(async () => {
  server = await startServer()
})
test.afterAll(() => server.stop())

/** Waits until this browser has the pages, and the tab has said of which build it is. */
async function pagesKept(page: Page): Promise<void> {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await expect
    .poll(() => page.evaluate(async () => (await navigator.locks.query()).held!.map(({ name }) => name)))
    .toEqual(expect.arrayContaining([expect.stringMatching(/^tamga-build-/)]))
}

/** The titles of what this browser has, as its page lists them. */
const here = (page: Page): Promise<string[]> => page.locator('td.name a').allTextContents()

/** Goes to the page that lists what is here, and waits until it has as many articles. */
async function lookHere({ page }: Person, count: number): Promise<void> {
  await page.goto(`${server.url}/offline`)
  await page.getByRole('button', { name: /^Menu of/ }).waitFor()
  await expect(page.locator('td.name')).toHaveCount(count)
}

/** Who was signed in here last, as this browser has it; the page has opened the store already. */
const knownHere = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<string | undefined>((resolve) => {
        const opening = indexedDB.open('tamga-known')
        opening.onsuccess = () => {
          const get = opening.result.transaction('who').objectStore('who').get('last')
          get.onsuccess = () => {
            opening.result.close()
            resolve((get.result as { name: string } | undefined)?.name)
          }
        }
      }),
  )

/** Without a server and without a network. */
async function goDark({ context }: Person): Promise<void> {
  await server.kill()
  await context.setOffline(true)
}

async function comeBack({ context }: Person): Promise<void> {
  await server.start()
  await context.setOffline(false)
}

async function annAtArticle(browser: Browser): Promise<Person & { readonly article: string }> {
  const ann = await enter(browser, server.url, team.ann)
  await openArticle(ann, server.url, KAZAKH)
  await ann.page.getByText('This article is here without network.').waitFor()
  await pagesKept(ann.page)
  const article = ann.page.url()
  await lookHere(ann, 1)
  return { ...ann, article }
}

test('an article is opened, marked and marked again without network, and all of it arrives', async ({ browser }) => {
  const ann = await annAtArticle(browser)
  const { page, article } = ann
  await page.goto(article)
  await opened(page)
  await clickWord(page, 'Ақтөбеде')
  await page.keyboard.press('KeyT')
  await expect.poll(async () => (await listed(page)).length).toBe(1)
  await stored(page)
  await goDark(ann)

  // what was marked a moment ago is in the outbox or in the copy; the page opens with it
  await page.reload()
  await textOf(page).waitFor()
  await clickWord(page, 'биыл')
  await page.keyboard.press('KeyD')
  await expect.poll(async () => (await listed(page)).filter((row) => row.includes('DATE биыл'))).toHaveLength(1)
  expect((await listed(page)).find((row) => row.includes('DATE биыл'))).toContain('not yet saved')

  // once more: the edit is still there, and still waits
  await page.reload()
  await textOf(page).waitFor()
  await expect
    .poll(async () => (await listed(page)).find((row) => row.includes('DATE биыл')))
    .toContain('not yet saved')

  await comeBack(ann)
  await stored(page)
  await saved(page).waitFor()
  expect((await listed(page)).filter((row) => row.includes('DATE биыл'))).toHaveLength(1)

  const rita = await enter(browser, server.url, team.reviewer)
  await openArticle(rita, server.url, KAZAKH)
  await expect.poll(() => listed(rita.page)).toHaveLength(2)
  await rita.page.getByRole('button', { name: /DATE биыл/ }).click()
  await expect(rita.page.locator('[data-side=details] ol').getByRole('img', { name: team.ann })).toBeVisible()
  await rita.context.close()
  await ann.context.close()
})

test('what is not here says so, leads to what is, and goes on when the server answers', async ({ browser }) => {
  const ann = await annAtArticle(browser)
  const { page, article } = ann
  await page.goto(`${server.url}/projects`)
  await page.getByRole('link', { name: PROJECT }).first().click()
  const other = (await page.getByRole('link', { name: OTHER, exact: true }).getAttribute('href'))!
  const project = page.url()
  await goDark(ann)

  for (const path of ['/', '/projects', new URL(project).pathname, `${new URL(project).pathname}/people`]) {
    await page.goto(`${server.url}${path}`)
    await page.getByRole('heading', { name: 'This needs the network' }).waitFor()
    await expect(page.locator('td.name a')).toHaveText([KAZAKH])
  }
  await page.goto(`${server.url}${other}`)
  await page.getByText('this article was not taken along').waitFor()
  await expectNoFaults(page, 'an article that is not here')
  await page.getByRole('link', { name: KAZAKH }).click()
  await textOf(page).waitFor()
  await page.goto(`${article}/review`)
  await page.getByText('decisions are made with it alone').waitFor()
  await page.getByRole('link', { name: 'Open the article' }).click()
  await textOf(page).waitFor()

  await page.goto(`${server.url}${other}`)
  await page.getByText('this article was not taken along').waitFor()
  await comeBack(ann)
  await textOf(page).waitFor()
  await saved(page).waitFor()
  await ann.context.close()
})

test('articles are taken along by hand and removed; a sign-out takes them away, and nobody else sees them', async ({
  browser,
}) => {
  const ann = await enter(browser, server.url, team.ann)
  const { page } = ann
  await page.goto(`${server.url}/projects`)
  await page.getByRole('link', { name: PROJECT }).first().click()
  await page.getByRole('button', { name: `Acts on «${OTHER}»` }).click()
  await page.getByRole('menuitem', { name: 'Take along' }).click()
  await expect(page.getByText(/Open articles: \d, here without network: 1/)).toBeVisible()
  await page.getByRole('button', { name: 'Take along all open ones' }).click()
  await expectNoFaults(page, 'taking all along')
  await page.getByRole('button', { name: 'Take along', exact: true }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Take along all open ones' })).toHaveCount(0)
  const project = page.url()

  await page.goto(`${server.url}/offline`)
  await page.getByRole('table').waitFor()
  const all = (await here(page)).length
  expect(all).toBeGreaterThan(1)
  await expectNoFaults(page, 'what is here')
  await page.getByRole('button', { name: `Remove «${OTHER}» from this browser` }).click()
  await expect(page.locator('td.name')).toHaveCount(all - 1)

  await page.getByRole('button', { name: `Menu of ${team.ann}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await expect(page.getByRole('dialog')).toContainText('removed from this browser')
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: team.dan }).waitFor()
  const left = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name!))
  expect(left.filter((name) => name.startsWith('tamga-taken'))).toEqual([])

  await page.getByRole('button', { name: team.dan }).click()
  await page.getByRole('banner').waitFor()
  await lookHere(ann, 0)
  await page.getByText('No article is here yet').waitFor()

  // nobody is known here any more once everybody has signed out
  await page.getByRole('button', { name: `Menu of ${team.dan}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await expect(page.getByRole('button', { name: `Menu of ${team.dan}` })).toHaveCount(0)
  await page.getByRole('button', { name: team.dan }).waitFor()
  await pagesKept(page)
  await goDark(ann)
  await page.goto(project)
  await expect(page.getByRole('alert')).toContainText('cannot be reached')
  await comeBack(ann)
  await ann.context.close()
})

test('who was here before a sign-in says nothing once it is answered', async ({ browser }) => {
  const { page, context } = await enter(browser, server.url, team.ann)
  let goOn: () => void = () => undefined
  const signedIn = new Promise<void>((resolve) => (goOn = resolve))
  const told = new Promise<void>((resolve) => {
    void page.route(/\/api\/session$/, async (route) => {
      if (route.request().method() !== 'GET') return route.continue()
      const nobody = await route.fetch()
      await signedIn
      await route.fulfill({ response: nobody })
      resolve()
    })
  })
  await page.getByRole('button', { name: `Menu of ${team.ann}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await expect(page.getByRole('button', { name: `Menu of ${team.ann}` })).toHaveCount(0)
  await page.getByRole('button', { name: team.dan }).click()
  await page.getByRole('button', { name: `Menu of ${team.dan}` }).waitFor()
  goOn()
  await told
  await page.getByRole('link', { name: PROJECT }).first().click()
  await page.getByRole('link', { name: KAZAKH, exact: true }).waitFor()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await context.close()
})

test('another account in the same browser sees nothing of what one took along', async ({ browser }) => {
  const ann = await annAtArticle(browser)
  const { page, context } = ann
  // the session ends without a word, as when it is too old, and somebody else signs in
  await context.clearCookies()
  await page.goto(server.url)
  await page.getByRole('button', { name: team.dan }).click()
  await page.getByRole('banner').waitFor()
  await lookHere(ann, 0)
  await pagesKept(page)
  await expect.poll(() => knownHere(page)).toBe(team.dan)
  await goDark(ann)
  await page.goto(ann.article)
  await page.getByText('this article was not taken along').waitFor()
  await comeBack(ann)
  await context.close()
})

test('a new version is told of, and shown when one says so; the old one goes on until then', async ({ browser }) => {
  const front = await frontOf(server.url)
  const { page, context } = await enter(browser, front.url, team.ann)
  await page.getByRole('link', { name: PROJECT }).first().click()
  await page.getByRole('link', { name: KAZAKH, exact: true }).waitFor()
  await pagesKept(page)
  const builds = () => page.evaluate(() => caches.keys())
  const [old] = await builds()

  // the same pages, built again under another name
  const next = 'tamga-build-0123456789abcdef'
  front.rename(old!, next)
  await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()))
  await page.getByText('A new version of Tamga is ready.').first().waitFor()
  await expectNoFaults(page, 'a new version')
  // the files of both are there: this tab is of the old one
  expect((await builds()).toSorted()).toEqual([old, next].toSorted())
  await page.getByRole('link', { name: KAZAKH, exact: true }).click()
  await textOf(page).waitFor()

  await page.getByRole('button', { name: 'Reload' }).click()
  await expect.poll(() => page.locator('meta[name=build]').getAttribute('content')).toBe(next)
  await textOf(page).waitFor()
  await expect(page.getByText('A new version of Tamga is ready.')).toHaveCount(0)
  // what nobody holds any more goes when a tab says what it holds
  await expect
    .poll(async () => {
      await page.evaluate(() => navigator.serviceWorker.controller?.postMessage('held'))
      return builds()
    })
    .toEqual([next])
  await context.close()
  await front.close()
})

/** The server at another address, where its pages can become another build. */
async function frontOf(url: string) {
  let renamed = (text: Buffer) => text
  const front = createServer((asked, answer) => {
    const { origin, ...rest } = asked.headers
    const headers = { ...rest, host: new URL(url).host, ...(origin && { origin: url }) }
    const onward = request(`${url}${asked.url}`, { method: asked.method!, headers, agent: false }, (come) => {
      const parts: Buffer[] = []
      come.on('data', (part: Buffer) => parts.push(part))
      come.on('end', () => answer.writeHead(come.statusCode!, come.headers).end(renamed(Buffer.concat(parts))))
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    /** Both names are of one length, so that what the server says of it stays true. */
    rename(old: string, next: string) {
      renamed = (text) => Buffer.from(text.toString('latin1').replaceAll(old, next), 'latin1')
    },
    async close() {
      front.closeAllConnections()
      front.close()
      await once(front, 'close')
    },
  }
}

/** What is wrong with a page, in both schemes; nothing may run out of the window of a phone either. */
async function expectNoFaults(page: Page, name: string): Promise<void> {
  for (const [colorScheme, rules] of [['light', 'all'] as const, ['dark', 'colours'] as const]) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await examine(page, rules), `${name}, ${colorScheme}`).toEqual([])
  }
  const size = page.viewportSize()!
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await examine(page, 'none'), `${name} on a phone`).toEqual([])
  await page.setViewportSize(size)
  await page.emulateMedia({ colorScheme: null })
}
