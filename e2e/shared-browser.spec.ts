import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { callerOf } from './http.ts'
import { clickWord, enter, KAZAKH, openArticle, opened, saved, stored, team, textOf } from './people.ts'
import { startServer, type TestServer } from './server.ts'

let server: TestServer
test.beforeAll(async () => {
  server = await startServer({ base: 'postgres' })
})
test.afterAll(() => server.stop())

/** The labels of an account's spans in the Kazakh article, as the database has them. */
const madeBy = async (name: string) =>
  (
    await server.rows<{ label: string }>(
      `select n.content->>'label' as label from annotation n join account c on c.id = n.creator
       join layer l on l.id = n.layer join revision r on r.id = l.revision join article a on a.id = r.article
       where a.external_id = '004' and n.gone_at is null and c.name = $1 order by 1`,
      [name],
    )
  ).map(({ label }) => label)

/** Everything of articles that this browser keeps: titles and texts of copies, by the database they are in. */
const copies = (page: Page) =>
  page.evaluate(async () => {
    const kept: string[] = []
    for (const { name } of await indexedDB.databases())
      if (name!.startsWith('tamga-taken-'))
        await new Promise<void>((resolve) => {
          const opening = indexedDB.open(name!)
          // taken away meanwhile: it is not made anew
          opening.onupgradeneeded = () => opening.transaction!.abort()
          opening.onerror = () => resolve()
          opening.onsuccess = () => {
            const all = opening.result.transaction('lines').objectStore('lines').getAll()
            all.onsuccess = () => {
              kept.push(...(all.result as { title: string }[]).map(({ title }) => title))
              opening.result.close()
              resolve()
            }
          }
        })
    return kept
  })

async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Menu of ${name}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
}
async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
  await page.getByRole('banner').waitFor()
}
/** Opens the article and waits until its copy is in this browser. */
async function openWithCopy(page: Page, address: string): Promise<void> {
  await page.goto(address)
  await opened(page)
  await expect.poll(() => copies(page)).toEqual([KAZAKH])
}
/** Cuts the lines to the live rooms until they are mended. */
async function lines(context: BrowserContext) {
  let cut = false
  const open = new Set<() => Promise<void>>()
  await context.routeWebSocket(/\/live\//, (socket) => {
    if (cut) return void socket.close({ code: 4500, reason: 'cut' })
    socket.connectToServer()
    open.add(() => socket.close({ code: 4500, reason: 'cut' }))
  })
  return {
    async cut() {
      cut = true
      for (const close of open) await close().catch(() => undefined)
      open.clear()
    },
    mend: () => (cut = false),
  }
}

test('on a shared browser a sign-out without network takes the articles, and edits go out under their author, once', async ({
  browser,
}) => {
  const { context, page } = await enter(browser, server.url, team.ann)
  page.on('dialog', (dialog) => void dialog.accept())
  const line = await lines(context)
  await openArticle({ context, page }, server.url, KAZAKH)
  const address = page.url()
  await openWithCopy(page, address)
  const second = await context.newPage()
  await openWithCopy(second, address)

  await context.setOffline(true)
  await line.cut()
  await clickWord(page, 'Ақтөбеде')
  await page.keyboard.press('KeyT')
  await expect(page.getByText(/offline, 1 edit/)).toBeVisible()
  await signOut(page, team.ann)
  await expect(page.getByText('You are signed out in this browser')).toBeVisible()
  await expect(page.getByText(`1 edit that is not sent waits in this browser: ${team.ann}`)).toBeVisible()
  expect(await copies(page)).toEqual([])
  // her other tab shows nothing of hers either
  await second.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  await expect(textOf(second)).toHaveCount(0)

  // her cookie is still there, and opens nothing
  await context.setOffline(false)
  line.mend()
  await second.reload()
  await second.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  await page.reload()
  await expect(page.getByText('You are signed out in this browser')).toHaveCount(0)
  await expect(page.getByText(`waits in this browser: ${team.ann}`)).toBeVisible()

  await signIn(page, team.dan)
  await openWithCopy(page, address)
  await clickWord(page, 'биыл')
  await page.keyboard.press('KeyD')
  await stored(page)
  expect(await madeBy(team.ann)).toEqual([])
  // the other tab is his too by now, and keeps his articles alone
  await second.getByRole('button', { name: `Menu of ${team.dan}` }).waitFor()
  await signOut(page, team.dan)
  expect(await copies(page)).toEqual([])

  await signIn(page, team.ann)
  // she comes back into the article that she left, and it goes out by itself
  await expect.poll(() => madeBy(team.ann)).toEqual(['city'])
  await stored(page)
  await page.reload()
  await opened(page)
  expect([await madeBy(team.ann), await madeBy(team.dan)]).toEqual([['city'], ['date']])
  await context.close()
})

test('a session that ends elsewhere or is revoked leaves no article in the browser, and its page waits', async ({
  browser,
}) => {
  const { context, page } = await enter(browser, server.url, team.ann)
  await openArticle({ context, page }, server.url, KAZAKH)
  const address = page.url()
  await openWithCopy(page, address)
  // revoked under the open page
  await (await callerOf(server.url, team.ann)).do('DELETE', '/sessions')
  const asked = page.getByRole('dialog', { name: 'Sign in again' })
  await asked.waitFor()
  await expect.poll(() => copies(page)).toEqual([])
  await asked.getByRole('button', { name: team.ann }).click()
  await expect(asked).toHaveCount(0)
  await saved(page).waitFor()

  // it ends while no page is open
  await openWithCopy(page, address)
  await page.goto(`${server.url}/mark.svg`)
  await server.rows(`update session set expires_at = now() - interval '1 second'`)
  await page.goto(address)
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  await expect.poll(() => copies(page)).toEqual([])
  await context.close()
})

test('another account’s sign-in in a second tab takes the first person’s page and articles', async ({ browser }) => {
  const { context, page } = await enter(browser, server.url, team.ann)
  await openArticle({ context, page }, server.url, KAZAKH)
  await openWithCopy(page, page.url())
  const link = (await (await callerOf(server.url, team.dan)).get<{ account: { id: string } }>('/session')).account.id
  const owner = await callerOf(server.url, team.owner)
  const { projects } = await owner.get<{ projects: { id: string }[] }>('/projects')
  const { url } = await owner.do<{ url: string }>('POST', `/projects/${projects[0]!.id}/members/${link}/link`)
  const second = await context.newPage()
  await second.goto(url)
  await second.getByRole('button', { name: 'Sign in' }).click()
  await second.getByText('You came in by a link of').waitFor()
  await page.getByRole('button', { name: `Menu of ${team.dan}` }).waitFor()
  await expect(page.getByRole('button', { name: `Menu of ${team.ann}` })).toHaveCount(0)
  const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name!))
  const ann = (await (await callerOf(server.url, team.ann)).get<{ account: { id: string } }>('/session')).account.id
  expect(names).not.toContain(`tamga-taken-${ann}`)
  await context.close()
})
