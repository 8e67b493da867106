import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { callerOf } from './http.ts'
import { clickWord, drag, enter, KAZAKH, listed, openArticle, opened, rowsOf, stored, team, textOf } from './people.ts'
import { startServer, type TestServer } from './server.ts'

interface Row {
  id: string
  label: string
  creator: string
  editor: string
  content: object
}

let server: TestServer
test.beforeEach(async () => {
  server = await startServer({ base: 'postgres' })
})
test.afterEach(() => server.stop())

/** The spans of the Kazakh article that stand in the database, in reading order. */
const rows = () =>
  server.rows<Row>(
    `select n.id, n.content->>'label' as label, n.content, c.name as creator, e.name as editor from annotation n
     join account c on c.id = n.creator join account e on e.id = n.last_editor
     join layer l on l.id = n.layer join revision r on r.id = l.revision join article a on a.id = r.article
     where a.external_id = '004' and n.gone_at is null
     order by (n.content->'ranges'->0->>0)::int`,
  )
const made = async () => (await rows()).map(({ label, creator }) => `${label} ${creator}`)

/** The lines to the live rooms of a browser: while they are cut no socket comes about, and all else goes on. */
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

async function mark(page: Page, words: string, key: string): Promise<void> {
  await drag(page, words)
  await page.keyboard.press(key)
}

/** How many edits this browser keeps for whoever wrote them. */
const keptHere = (page: Page) =>
  page.evaluate(async () => {
    let kept = 0
    for (const { name } of await indexedDB.databases())
      if (name!.startsWith('tamga-edits-'))
        kept += await new Promise<number>((resolve) => {
          const opening = indexedDB.open(name!)
          opening.onsuccess = () => {
            const count = opening.result.transaction('edits').objectStore('edits').count()
            count.onsuccess = () => {
              opening.result.close()
              resolve(count.result)
            }
          }
        })
    return kept
  })

/** Takes whatever the browser asks before a page goes. */
const leaveFreely = (page: Page) => page.on('dialog', (dialog) => void dialog.accept())

/** Signs in by a click on the sign-in page. */
async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
  await page.getByRole('banner').waitFor()
}

async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Menu of ${name}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
}

test('edits made offline survive reload and sign-out, are nobody else’s, and arrive under their author', async ({
  browser,
}) => {
  const ann = await enter(browser, server.url, team.ann)
  const line = await lines(ann.context)
  const { page } = ann
  leaveFreely(page)
  await openArticle(ann, server.url, KAZAKH)
  const address = page.url()
  await ann.context.setOffline(true)
  await line.cut()
  await clickWord(page, 'Ақтөбеде')
  await page.keyboard.press('KeyT')
  await mark(page, 'Асхат Шахаров', 'KeyA')
  await expect(page.getByText('offline, 2 edits waiting')).toBeVisible()

  // the page is loaded anew and still cannot send
  await ann.context.setOffline(false)
  await page.reload()
  await textOf(page).waitFor()
  await expect(page.getByText('offline, 2 edits waiting')).toBeVisible()

  // any other page says what waits; so does the next sign-in, of this person alone
  await page.goto(`${server.url}/projects`)
  const notice = page.getByText(`Not sent: 2 edits in «${KAZAKH}»`)
  await expect(notice).toBeVisible()
  await signOut(page, team.ann)
  await signIn(page, team.dan)
  line.mend()
  await page.goto(address)
  await opened(page)
  await clickWord(page, 'биыл')
  await page.keyboard.press('KeyD')
  await expect(rowsOf(page)).toHaveCount(1)
  await stored(page)
  await expect(notice).toHaveCount(0)
  expect(await made()).toEqual([`date ${team.dan}`])
  await page.goto(`${server.url}/projects`)
  await signOut(page, team.dan)

  await signIn(page, team.ann)
  await expect(notice).toBeVisible()
  await page.getByRole('link', { name: 'Send' }).click()
  await textOf(page).waitFor()
  await expect.poll(made).toHaveLength(3)
  expect((await made()).sort()).toEqual([`city ${team.ann}`, `date ${team.dan}`, `per ${team.ann}`])
  await stored(page)
  await expect.poll(() => keptHere(page)).toBe(0)
  await page.goto(`${server.url}/projects`)
  await page.getByRole('link', { name: 'Новости Актобе' }).first().waitFor()
  await expect(notice).toHaveCount(0)
  await ann.context.close()
})

test('edits outlive the crash of their tab, and are written once', async ({ browser }) => {
  const ann = await enter(browser, server.url, team.ann)
  const line = await lines(ann.context)
  await openArticle(ann, server.url, KAZAKH)
  const address = ann.page.url()
  await clickWord(ann.page, 'биыл')
  await ann.page.keyboard.press('KeyD')
  await stored(ann.page)
  await line.cut()
  await mark(ann.page, 'Асхат Шахаров', 'KeyA')
  await ann.page.keyboard.press('KeyR')
  await expect(ann.page.getByText('offline, 2 edits waiting')).toBeVisible()
  const crashed = ann.page.waitForEvent('crash')
  void ann.page.goto('chrome://crash').catch(() => undefined)
  await crashed

  const next = await ann.context.newPage()
  await next.goto(`${server.url}/projects`)
  await expect(next.getByText(`Not sent: 2 edits in «${KAZAKH}»`)).toBeVisible()
  line.mend()
  await next.goto(address)
  await expect.poll(made).toEqual([`prof ${team.ann}`, `date ${team.ann}`])
  await stored(next)
  expect(await listed(next)).toHaveLength(2)
  await ann.context.close()
})

test('an edit that a lock overtakes is handed to the reviewer, who applies it', async ({ browser }) => {
  const ann = await enter(browser, server.url, team.ann)
  const line = await lines(ann.context)
  const { page } = ann
  await openArticle(ann, server.url, KAZAKH)
  const article = page.url().split('/articles/')[1]!
  await mark(page, 'Асхат Шахаров', 'KeyA')
  await stored(page)
  const [span] = await rows()

  await line.cut()
  await page.keyboard.press('KeyR')
  await expect(page.getByText('offline, 1 edit waiting')).toBeVisible()
  const owner = await callerOf(server.url, team.owner)
  const rita = await callerOf(server.url, team.reviewer)
  const { project } = await owner.get<{ project: string }>(`/articles/${article}`)
  const { settings } = await owner.get<{ settings: object }>(`/projects/${project}`)
  await owner.do('PATCH', `/projects/${project}`, { settings: { ...settings, lockApproved: true } })
  const item = { annotation: span!.id, verdict: 'approve', shown: span!.content }
  await rita.do('POST', `/articles/${article}/decisions`, { items: [item] })

  line.mend()
  await expect(page.getByText(/1 of your edits does not stand\. This span is approved/)).toBeVisible()
  await expect.poll(async () => (await listed(page))[0]).toContain('PER Асхат Шахаров approved')
  await page.getByRole('button', { name: 'Show' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('label: PROF')).toBeVisible()
  await expect(dialog.getByText('Асхат Шахаров')).toBeVisible()
  await dialog.getByRole('button', { name: 'Try again' }).click()
  // refused once more: it stays one in the list, and nothing changed
  // the one that was tried again is busy until it goes
  const hand = dialog.getByRole('button', { name: 'Hand to a reviewer', disabled: false })
  await expect(hand).toHaveCount(1)
  await hand.click()
  await expect(dialog.getByText('Handed to the reviewers.')).toBeVisible()
  await expect(dialog.getByText('label: PROF')).toHaveCount(1)

  const reviewer = await enter(browser, server.url, team.reviewer)
  await reviewer.page.goto(`${server.url}/articles/${article}/review`)
  await expect(reviewer.page.getByText('1 edit was handed to the reviewers.')).toBeVisible()
  await reviewer.page.getByRole('button', { name: 'Show' }).click()
  await expect(reviewer.page.getByText(`${team.ann} asks the reviewers.`)).toBeVisible()
  await reviewer.page.getByRole('button', { name: 'Apply' }).click()
  await expect.poll(rows).toMatchObject([{ label: 'prof', creator: team.ann, editor: team.reviewer }])
  await expect(dialog.getByText('Nothing is left here.')).toBeVisible()
  await expect(page.getByText(/does not stand/)).toHaveCount(0)
  await ann.context.close()
  await reviewer.context.close()
})

test('who may not mark any more keeps the edits, to be sent when the right is back', async ({ browser }) => {
  const ann = await enter(browser, server.url, team.ann)
  const line = await lines(ann.context)
  const { page } = ann
  leaveFreely(page)
  await openArticle(ann, server.url, KAZAKH)
  const article = page.url().split('/articles/')[1]!
  const owner = await callerOf(server.url, team.owner)
  const { project, members } = await owner.get<{ project: string; members: { account: string; name: string }[] }>(
    `/articles/${article}`,
  )
  const { account } = members.find(({ name }) => name === team.ann)!
  await line.cut()
  await mark(page, 'Асхат Шахаров', 'KeyA')
  await clickWord(page, 'Ақтөбеде')
  await page.keyboard.press('KeyT')
  await expect(page.getByText('offline, 2 edits waiting')).toBeVisible()
  await owner.do('PATCH', `/projects/${project}/members/${account}`, { role: 'viewer' })
  line.mend()
  await expect(page.getByText('2 of your edits do not stand.')).toBeVisible()
  await page.reload()
  await expect(page.getByText('2 of your edits do not stand.')).toBeVisible()
  await page.getByRole('button', { name: 'Show' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('mark: CITY')).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Copy' })).toHaveCount(2)
  await expect(dialog.getByRole('button', { name: 'Try again' })).toHaveCount(0)
  const one = dialog.getByRole('listitem').filter({ hasText: 'mark: CITY' })
  await one.getByRole('button', { name: 'Drop' }).click()
  await one.getByRole('button', { name: 'Drop' }).click()
  await expect(dialog.getByText('mark: CITY')).toHaveCount(0)
  await dialog.getByRole('button', { name: 'Close' }).click()
  expect(await made()).toEqual([])

  // out of the project altogether, what is kept can still be seen
  await owner.do('DELETE', `/projects/${project}/members/${account}`)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Still in this browser' })).toBeVisible()
  await expect(page.getByText('mark: per')).toBeVisible()
  await expect(page.getByText('Асхат Шахаров')).toBeVisible()

  const { url } = await owner.do<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'annotator' })
  const token = url.split('#')[1]
  const used = await page.request.post(`${server.url}/api/tickets/use`, {
    data: { token },
    headers: { origin: server.url },
  })
  expect(used.status()).toBe(200)
  await page.goto(`${server.url}/articles/${article}`)
  await expect.poll(made).toEqual([`per ${team.ann}`])
  await ann.context.close()
})
