import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { callerOf, type Caller } from './http.ts'
import { clickWord, enter, KAZAKH, openArticle, stored, team, type Person } from './people.ts'
import { startServer, type TestServer } from './server.ts'

const DEMO = 'Новости Актобе'
const ALMATY = 'В Алматы прошел XIV Гражданский форум'
const ASTANA = 'Гражданский форум Астаны: инновации, спорт и голос молодежи'

let server: TestServer
let api: Caller
let owner: Person
let demo: string

test.beforeAll(async ({ browser }) => {
  server = await startServer()
  api = await callerOf(server.url, team.owner)
  const { projects } = await api.get<{ projects: { id: string; name: string }[] }>('/projects')
  demo = projects.find(({ name }) => name === DEMO)!.id
  owner = await enter(browser, server.url, team.owner)
})
test.afterAll(async () => {
  await owner.context.close()
  await server.stop()
})

const makeProject = async (name: string, template: string) =>
  (await api.do<{ id: string }>('POST', '/projects', { name, languages: ['ru'], template })).id

interface Labels {
  no: number
  set: { labels: { id: string; code: string; key: string | null }[] }
}
const labelsOf = (project: string) => api.get<Labels>(`/projects/${project}/labels`)

async function openLabels({ page }: Person, project: string): Promise<void> {
  await page.goto(`${server.url}/projects/${project}/labels`)
  await page.getByRole('radio', { name: 'Attributes' }).waitFor()
}

async function saveFile({ page }: Person): Promise<string> {
  await page.getByRole('button', { name: 'File and templates' }).click()
  const coming = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Save as a JSON file' }).click()
  const file = await coming
  expect(file.suggestedFilename()).toBe('labels.json')
  return readFileSync(await file.path(), 'utf8')
}

async function loadFile({ page }: Person, content: string): Promise<void> {
  const path = test.info().outputPath('labels.json')
  writeFileSync(path, content)
  await page.getByRole('button', { name: 'File and templates' }).click()
  const choosing = page.waitForEvent('filechooser')
  await page.getByRole('menuitem', { name: 'Load a JSON file' }).click()
  await (await choosing).setFiles(path)
}

test('a label set goes out of one project as JSON and comes into another', async () => {
  const [from, to] = [await makeProject('From', 'conll2003'), await makeProject('To', 'empty')]
  await openLabels(owner, from)
  const file = await saveFile(owner)
  expect(JSON.parse(file)).toEqual((await labelsOf(from)).set)

  const { page } = owner
  await openLabels(owner, to)
  await page.getByText('No labels yet').waitFor()
  await loadFile(owner, file)
  await page.getByText('Loaded, not yet saved.').waitFor()
  await expect(page.locator('.tree button')).toHaveText([/^PER/, /^ORG/, /^LOC/, /^MISC/])
  expect((await labelsOf(to)).no).toBe(1)
  await page.getByRole('button', { name: 'Save as revision 2' }).click()
  await page.getByText('Saved as revision 2.').waitFor()
  expect(await labelsOf(to)).toMatchObject({ no: 2, set: JSON.parse(file) })

  await loadFile(owner, await saveFile(owner))
  await page.getByText('Loaded: it is what is saved already.').waitFor()
})

test('a file that is no label set, or holds a fault, is refused by its place and saves nothing', async () => {
  const project = await makeProject('Faults', 'conll2003')
  const { set } = await labelsOf(project)
  const { page } = owner
  const save = page.getByRole('button', { name: 'Save as revision 2' })
  await openLabels(owner, project)
  await loadFile(owner, '{"labels": [')
  await expect(page.getByRole('alert')).toContainText('JSON')
  await loadFile(owner, JSON.stringify({ labels: [set.labels[0], { id: 'x' }] }))
  await expect(page.getByRole('alert')).toContainText('labels/1/code')
  await expect(save).toBeDisabled()

  const [first, second, ...rest] = set.labels
  await loadFile(owner, JSON.stringify({ ...set, labels: [first, { ...second, key: first!.key }, ...rest] }))
  await page.getByRole('button', { name: `is taken by ${first!.code}` }).click()
  await expect(page.getByLabel('Code', { exact: true })).toHaveValue(second!.code)
  await expect(page.getByLabel('Key', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await expect(save).toBeDisabled()
  expect((await labelsOf(project)).no).toBe(1)
  await page.getByRole('button', { name: 'Back to revision 1' }).click()
})

const rowOf = (page: Page, title: string) => page.getByRole('row').filter({ hasText: title })

async function openArticles({ page }: Person): Promise<void> {
  await page.goto(`${server.url}/projects/${demo}`)
  await rowOf(page, ALMATY).waitFor()
}

async function act(page: Page, title: string, name: string): Promise<void> {
  await page.getByRole('button', { name: `Acts on «${title}»` }).click()
  await page.getByRole('menuitem', { name }).click()
}

/** Somebody of the demo team at the list of its articles. */
async function atArticles(browser: Browser, name: string): Promise<Person> {
  const person = await enter(browser, server.url, name)
  await openArticles(person)
  return person
}

test('a withdrawn article is gone for everybody, and an owner finds and restores it', async ({ browser }) => {
  const reviewer = await atArticles(browser, team.reviewer)
  await openArticles(owner)
  const { page } = owner
  const onlyWithdrawn = page.getByLabel('withdrawn ones only')
  await expect(onlyWithdrawn).toHaveCount(0)

  await act(page, ALMATY, 'Withdraw')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Withdraw' })).toBeDisabled()
  await dialog.getByLabel('Why').fill('came twice')
  await dialog.getByRole('button', { name: 'Withdraw' }).click()
  await expect(rowOf(page, ALMATY)).toHaveCount(0)
  await expect(rowOf(reviewer.page, ALMATY)).toHaveCount(0)
  await expect(page.getByText('4 articles,')).toBeVisible()
  await expect(page.getByText(`withdrew «${ALMATY}»`)).toBeVisible()
  await expect(reviewer.page.getByText('withdrawn ones only')).toHaveCount(0)

  await onlyWithdrawn.check()
  await expect(page.locator('tbody tr')).toHaveText([new RegExp(`${ALMATY}.*withdrawn: came twice`)])
  await expect(page.getByText('2 of 4 articles')).toBeVisible()
  await act(page, ALMATY, 'Restore')
  await page.getByText('No article is withdrawn').waitFor()
  await expect(rowOf(reviewer.page, ALMATY)).toBeVisible()
  await onlyWithdrawn.uncheck()
  await expect(page.locator('tbody tr')).toHaveCount(5)
  await reviewer.context.close()
})

test('an article moves on in the list while somebody marks in it', async ({ browser }) => {
  let lobbies = 0
  owner.page.on('websocket', (socket) => (lobbies += Number(socket.url().includes('/lobby/'))))
  await openArticles(owner)
  const row = rowOf(owner.page, KAZAKH)
  await expect(row).toContainText('not begun')
  const marking = await enter(browser, server.url, team.ann)
  await openArticle(marking, server.url, KAZAKH)
  await expect(row.getByText('АС')).toBeVisible()
  for (const [word, n] of [
    ['биыл', 1],
    ['Ақтөбеде', 2],
  ] as const) {
    await clickWord(marking.page, word)
    await marking.page.keyboard.press('KeyD')
    await stored(marking.page)
    await expect(row).toContainText(`to be decided: ${n}`)
  }
  // the project was asked anew for each, through one and the same lobby
  expect(lobbies).toBe(1)
  await marking.context.close()
})

test('a list that was read before the project was misses nothing of what happened in between', async ({ browser }) => {
  const { context, page } = await enter(browser, server.url, team.reviewer)
  let withdrawn = ''
  let listed: () => void = () => undefined
  const read = new Promise<void>((resolve) => (listed = resolve))
  await page.route(new RegExp(`/api/projects/${demo}/articles$`), async (route) => {
    const answer = await route.fetch()
    listed()
    await route.fulfill({ response: answer })
  })
  await page.route(new RegExp(`/api/projects/${demo}$`), async (route) => {
    await read
    const { articles } = await api.get<{ articles: { id: string; title: string }[] }>(`/projects/${demo}/articles`)
    const { id } = articles.find(({ title }) => title === ASTANA)!
    withdrawn = id
    await api.do('POST', `/articles/${id}/withdraw`, { reason: 'between' })
    await route.continue()
    await page.unrouteAll()
  })
  await page.goto(`${server.url}/projects/${demo}`)
  await rowOf(page, ALMATY).waitFor()
  await expect(rowOf(page, ASTANA)).toHaveCount(0)
  await api.do('POST', `/articles/${withdrawn}/restore`)
  await expect(rowOf(page, ASTANA)).toHaveCount(1)
  await context.close()
})

test('two articles are joined as translations from a search that shows one of them, and parted', async () => {
  await openArticles(owner)
  const { page } = owner
  await page.getByRole('searchbox').fill('Астаны: инновации')
  await expect(page.locator('tbody tr')).toHaveCount(1)
  await act(page, ASTANA, 'Join with a translation')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Join' })).toBeDisabled()
  await dialog.getByLabel('Tells the same as').selectOption({ label: `${ALMATY} (Russian)` })
  await dialog.getByRole('button', { name: 'Join' }).click()
  await expect(dialog).toHaveCount(0)

  await page.getByRole('searchbox').fill('')
  const line = page.getByText(`«${ASTANA}» and «${ALMATY}» tell the same in Russian.`)
  await expect(line).toBeVisible()
  await act(page, ASTANA, 'Take out of its translations')
  await expect(line).toHaveCount(0)
})

test('an article’s date is written alike for every browser, and one that is none is told', async () => {
  await openArticles(owner)
  const { page } = owner
  await act(page, ALMATY, 'Edit what is known of it')
  const dialog = page.getByRole('dialog')
  const date = dialog.getByLabel('Date')
  await expect(date).toHaveValue('2025-10-02')
  await date.fill('31.02.2025')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(date).toHaveAccessibleDescription(/^There is no such date\./)
  await date.fill('3.10.2025')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(rowOf(page, ALMATY)).toContainText('3 Oct 2025')
})

test('the page of a removed member says so and shows no more of the project', async ({ browser }) => {
  const { context, page } = await atArticles(browser, team.dan)
  await owner.page.goto(`${server.url}/projects/${demo}/people`)
  await owner.page.getByRole('button', { name: `Acts on ${team.dan}` }).click()
  await owner.page.getByRole('menuitem', { name: 'Remove from the project' }).click()
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Remove from the project' }).click()
  await page.getByRole('heading', { name: 'Nothing stands at this address' }).waitFor()
  await expect(rowOf(page, ALMATY)).toHaveCount(0)
  await expect(page.getByRole('navigation', { name: 'Sections' })).toHaveCount(0)
  await context.close()
})

test('an owner deletes a project by its typed name and brings it back; a member loses it at once', async ({
  browser,
}) => {
  const member = await enter(browser, server.url, team.ann)
  const project = await makeProject('Passing', 'news')
  const { url } = await api.do<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'annotator' })
  await (await callerOf(server.url, team.ann)).do('POST', '/tickets/use', { token: url.split('#')[1] })
  await member.page.goto(`${server.url}/projects/${project}`)
  await member.page.getByRole('heading', { name: 'Passing' }).waitFor()

  const { page } = owner
  await page.goto(`${server.url}/projects/${project}/settings`)
  await page.getByRole('button', { name: 'Delete the project …' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('link', { name: 'Download the corpus first' })).toBeVisible()
  const act = dialog.getByRole('button', { name: 'Delete the project' })
  await expect(act).toBeDisabled()
  await dialog.getByLabel(/^To confirm/).fill('Pasing')
  await act.click()
  await expect(dialog.getByText('Type “Passing” as it stands.')).toBeVisible()
  await dialog.getByLabel(/^To confirm/).fill('Passing')
  await act.click()

  await expect(member.page.getByText('This is not here, or you are not a member of the project.')).toBeVisible()
  const deleted = page.getByRole('listitem').filter({ hasText: 'Passing' })
  await expect(page.getByRole('link', { name: 'Passing' })).toHaveCount(0)
  await deleted.getByRole('button', { name: 'Bring back' }).click()
  await expect(page.getByRole('link', { name: 'Passing' })).toBeVisible()
  await expect(page.getByText('Deleted projects')).toHaveCount(0)
  await member.context.close()
})

/** The titles of the articles of which a browser keeps copies. */
const copiesIn = (page: Page) =>
  page.evaluate(async () => {
    const titles: string[] = []
    for (const { name } of await indexedDB.databases())
      if (name!.startsWith('tamga-taken-'))
        await new Promise<void>((resolve) => {
          const opening = indexedDB.open(name!)
          opening.onsuccess = () => {
            const all = opening.result.transaction('lines').objectStore('lines').getAll()
            all.onsuccess = () => {
              titles.push(...(all.result as { title: string }[]).map(({ title }) => title))
              opening.result.close()
              resolve()
            }
          }
        })
    return titles
  })

test('an erased text goes from an open page at once, and from a copy when its browser comes back', async ({
  browser,
}) => {
  const [open, away] = [await enter(browser, server.url, team.ann), await enter(browser, server.url, team.reviewer)]
  for (const person of [open, away]) {
    await openArticle(person, server.url, ALMATY)
    await expect.poll(() => copiesIn(person.page)).toContain(ALMATY)
  }
  // no page of theirs is open any more
  await away.page.goto('about:blank')

  const { page } = owner
  await page.goto(`${server.url}/projects/${demo}`)
  await page.getByRole('button', { name: `Acts on «${ALMATY}»` }).click()
  await page.getByRole('menuitem', { name: 'Erase the text …' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Why').fill('asked for')
  await expect(dialog.getByRole('button', { name: 'Erase for good' })).toBeDisabled()
  await dialog.getByLabel('I know that the text cannot be brought back').check()
  await dialog.getByRole('button', { name: 'Erase for good' }).click()

  await expect(open.page.getByText('The text of this article was erased')).toBeVisible()
  await expect(open.page.locator('.surface')).toHaveCount(0)
  await expect.poll(() => copiesIn(open.page)).not.toContain(ALMATY)
  await expect(page.getByRole('link', { name: ALMATY })).toHaveCount(0)

  await away.page.goto(`${server.url}/projects`)
  await expect.poll(() => copiesIn(away.page)).not.toContain(ALMATY)

  await page.getByRole('checkbox', { name: 'withdrawn ones only' }).check()
  await expect(page.getByRole('row').filter({ hasText: 'Text erased' })).toContainText('text erased on')
  await open.context.close()
  await away.context.close()
})
