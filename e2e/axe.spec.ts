import { expect, test as base, type Browser, type Page } from '@playwright/test'
import { examine, type Rules } from './examine.ts'
import {
  clickWord,
  drag,
  enter,
  KAZAKH,
  openArticle,
  rowsOf,
  stored,
  team,
  textOf,
  window,
  type Person,
} from './people.ts'
import { startServer, type TestServer } from './server.ts'

const locales = ['en', 'ru', 'kk'] as const

/** One server for all of these tests that a worker runs: they look, and what few write is seen by no other. */
const test = base.extend<object, { shared: TestServer }>({
  shared: [
    async ({ playwright: _ }, use) => {
      const one = await startServer()
      await use(one)
      await one.stop()
    },
    { scope: 'worker' },
  ],
})

let server: TestServer
test.beforeAll(({ shared }) => void (server = shared))
// By far the longest file: its tests are spread over the workers.
test.describe.configure({ mode: 'parallel' })
// A trace of hundreds of examined pages costs more than the examination.
test.use({ trace: 'off' })

/** A browser window whose pages are examined, with a second tab that changes the language for both. */
interface Visit extends Person {
  /** Everything that is wrong, each with the page it is wrong on. */
  readonly faults: string[]
  readonly tab: Page
}

async function visit(person: Person, url = server.url): Promise<Visit> {
  const { context, page } = person
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`${page.url()} threw ${error.message}`))
  page.on('console', (message) => {
    // A refusal that a page shows in words is in the console too, and only by its status.
    const refused = /status of 4(0[1349]|10)/.test(message.text()) && message.location().url.includes('/api/')
    if (message.type() === 'error' && !refused) faults.push(`${page.url()} said ${message.text()}`)
  })
  const tab = await context.newPage()
  await tab.goto(`${url}/mark.svg`)
  await page.bringToFront()
  return { ...person, faults, tab }
}

const choose = (tab: Page, locale: string) =>
  tab.evaluate((value) => localStorage.setItem('tamga.locale', JSON.stringify(value)), locale)

/**
 * Looks at a page in three languages and two schemes. Axe in one language, for the words differ and the structure does not;
 * the title, the language, no key in place of a text, and nothing that runs out of the window in all three.
 */
async function look({ page, tab, faults }: Visit, name: string): Promise<void> {
  // a phone has the colours of the wide page
  const schemes = page.viewportSize()!.width < 700 ? (['light'] as const) : (['light', 'dark'] as const)
  const rules = (locale: string): readonly (readonly ['light' | 'dark', Rules])[] =>
    locale === 'en' ? schemes.map((scheme) => [scheme, scheme === 'light' ? 'all' : 'colours']) : [['light', 'none']]
  await test.step(name, async () => {
    for (const locale of locales) {
      await choose(tab, locale)
      await expect(page.locator('html')).toHaveAttribute('lang', locale)
      for (const [colorScheme, asked] of rules(locale)) {
        await page.emulateMedia({ colorScheme })
        faults.push(...(await examine(page, asked)).map((fault) => `${name}, ${locale}, ${colorScheme}: ${fault}`))
      }
    }
    await choose(tab, 'en')
    await page.emulateMedia({ colorScheme: 'light' })
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  })
}

const widths = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const

for (const viewport of widths) {
  const narrow = viewport.width < 700

  test.describe(`at ${viewport.width} px`, () => {
    test('the pages before anybody is signed in', async ({ browser }) => {
      const person = await visit(await window(browser, { viewport }))
      const { page, faults } = person
      await page.goto(server.url)
      await page.getByRole('button', { name: team.owner }).waitFor()
      await look(person, 'sign-in')
      await page.getByLabel('E-mail').fill('nobody@example.org')
      await page.getByLabel('Password').fill('a long password')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').waitFor()
      await look(person, 'sign-in refused')
      for (const [name, { hash, lets }] of Object.entries(await links(browser))) {
        await page.goto('about:blank')
        await page.goto(`${server.url}/link${hash}`)
        await page.locator(lets ? 'main form button' : 'main a').waitFor()
        await look(person, `link: ${name}`)
      }
      expect(faults).toEqual([])
      await person.context.close()
    })

    test('the pages of a project', async ({ browser }) => {
      const person = await visit(await enter(browser, server.url, team.owner, { viewport }))
      const { page, faults } = person
      const menu = (name: string | RegExp) => page.getByRole('button', { name }).last()
      const closeDialog = async () => {
        await page.keyboard.press('Escape')
        await expect(page.getByRole('dialog')).toHaveCount(0)
      }
      await page.goto(`${server.url}/projects`)
      await page.getByRole('button', { name: 'New project' }).waitFor()
      await look(person, 'projects')
      await page.getByRole('button', { name: 'New project' }).click()
      await page.getByText('CoNLL-2003, flat').waitFor()
      await look(person, 'new project')
      await closeDialog()
      await menu(`Menu of ${team.owner}`).click()
      await look(person, 'own menu')
      await page.keyboard.press('Escape')

      await page.getByRole('link', { name: 'Новости Актобе' }).first().click()
      await page.getByRole('link', { name: KAZAKH, exact: true }).waitFor()
      const project = page.url()
      await look(person, 'articles')
      await page.getByRole('searchbox').fill('акто')
      await page.locator('mark').first().waitFor()
      await look(person, 'articles found')
      await page.getByRole('searchbox').fill('zzz')
      await page.getByText('Nothing found').waitFor()
      await look(person, 'no article found')
      await page.getByRole('searchbox').fill('')
      for (const act of ['Edit what is known of it', 'Join with a translation', 'Withdraw']) {
        await menu(/Acts on «В Алматы/).click()
        if (act.startsWith('Edit')) await look(person, 'menu of an article')
        await page.getByRole('menuitem', { name: act }).click()
        await page.getByRole('dialog').waitFor()
        await look(person, act)
        await closeDialog()
      }

      await page.goto(`${project}/labels`)
      await page.getByRole('radio', { name: 'Attributes' }).waitFor()
      await look(person, 'labels')
      await page.getByRole('button', { name: /PER/ }).first().click()
      await page.getByLabel('Code', { exact: true }).fill('CITY')
      await page.getByText('keeps this from being saved').waitFor()
      await look(person, 'a label with a fault')
      await page.getByLabel('Code', { exact: true }).fill('PER')
      for (const tab of ['Attributes', 'Relations']) {
        await page.getByText(tab, { exact: true }).click()
        await page.locator('.tree button').first().click()
        await look(person, `labels: ${tab}`)
      }

      await page.goto(`${project}/people`)
      await page.getByRole('button', { name: 'Invite' }).waitFor()
      await page.getByText(team.dan, { exact: true }).waitFor()
      await look(person, 'people')
      await page.getByRole('button', { name: 'Invite' }).click()
      await look(person, 'invite')
      await page.getByRole('button', { name: 'Make the link' }).click()
      await page.getByRole('button', { name: 'Copy' }).waitFor()
      await look(person, 'invitation')
      await closeDialog()

      await page.goto(`${project}/settings`)
      await page.getByLabel('Name of the project').waitFor()
      await look(person, 'settings')

      await page.goto(`${project}/import`)
      await page.getByText('Drop files here').waitFor()
      await look(person, 'import')
      const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
      await page.setInputFiles('input[type=file]', [
        file('good.txt', 'Ақтөбеде форум өтті. Оған жүз адам қатысты.'),
        file('bad.jsonl', '{"text":"Один."}\nnot json\n{"title":"no text"}\n'),
        file('empty.txt', ''),
      ])
      await page.getByText('2 lines refused').waitFor()
      await page.getByText('There is no text in it').waitFor()
      await look(person, 'import with refusals')

      await page.goto(`${project}/export`)
      await page.getByRole('link', { name: /^Download, nothing lost/ }).waitFor()
      await look(person, 'export')
      await page.getByText('CoNLL-2003').click()
      await page.getByRole('table').waitFor()
      await look(person, 'export with losses')

      await page.goto(`${server.url}/account`)
      await page.getByLabel('New password').waitFor()
      await look(person, 'account')
      await page.goto(`${server.url}/nowhere`)
      await page.getByRole('heading', { name: 'Nothing stands at this address' }).waitFor()
      await look(person, 'not found')
      await page.goto(`${server.url}/articles/nowhere`)
      await page.getByRole('alert').waitFor()
      await look(person, 'no such article')
      await page.goto(`${server.url}/offline`)
      await page.getByRole('heading', { level: 1, name: 'Here without network' }).waitFor()
      await look(person, 'here without network')
      expect(faults).toEqual([])
      await person.context.close()
    })

    test('the pages of a server where nothing is yet', async ({ browser }) => {
      const bare = await startServer({ demo: false })
      try {
        const person = await visit(await window(browser, { viewport }), bare.url)
        const { page, faults } = person
        await page.goto(bare.links().first!)
        await page.getByRole('button', { name: 'Become the owner' }).waitFor()
        await look(person, 'link: first owner')
        await page.getByLabel('Name').fill('First Owner')
        await page.getByLabel('E-mail').fill('first@example.org')
        await page.getByLabel('Password').fill('a long password')
        await page.getByRole('button', { name: 'Become the owner' }).click()
        await page.getByText('No project yet').waitFor()
        await look(person, 'no project')
        await page.getByRole('button', { name: 'New project' }).click()
        await page.getByLabel('Name of the project').fill('Mine')
        await page.getByText('None, I make my own').click()
        await page.getByRole('button', { name: 'Make the project' }).click()
        await page.getByText('No article yet').waitFor()
        await look(person, 'no article')
        const project = page.url()
        await page.goto(`${project}/labels`)
        await page.getByText('No labels yet').waitFor()
        await look(person, 'no labels')
        await page.goto(`${project}/export`)
        await page.getByText('CoNLL-2003').click()
        await page.locator('.empty').waitFor()
        await look(person, 'nothing to export')
        expect(faults).toEqual([])
        await person.context.close()
      } finally {
        await bare.stop()
      }
    })

    test('the editor', async ({ browser }) => {
      const person = await visit(await enter(browser, server.url, team.owner, { viewport }))
      const { page, faults } = person
      await openArticle(person, server.url, KAZAKH)
      await look(person, 'an article without a span')
      await page.goto(server.url)
      await openArticle(person, server.url, 'В Алматы прошел XIV Гражданский форум')
      await page.locator('li > button:has(.quote)').first().waitFor({ state: 'attached' })
      await look(person, 'editor')
      await clickWord(page, 'Алматы')
      await look(person, 'a span is chosen')
      if (!narrow) {
        await page.keyboard.press('Space')
        await page.getByRole('dialog', { name: 'Label' }).waitFor()
        await look(person, 'picker')
        await page.keyboard.press('Escape')
      }
      await page.keyboard.press('Escape')
      await drag(page, 'форум')
      await look(person, 'words are selected')
      if (narrow) {
        await page.getByRole('button', { name: /^Spans/ }).click()
        await look(person, 'list of spans')
        await page.getByRole('button', { name: 'Close' }).first().click()
        await page.getByRole('button', { name: 'Details' }).click()
        await look(person, 'details')
      } else {
        await page.keyboard.press('Control+KeyK')
        await page.getByRole('dialog', { name: 'Commands' }).waitFor()
        await look(person, 'palette')
        await page.keyboard.press('Escape')
        await page.keyboard.press('F1')
        await page.getByRole('dialog', { name: 'All keys' }).waitFor()
        await look(person, 'help')
      }
      expect(faults).toEqual([])
      await person.context.close()
    })

    test('the review', async ({ browser }) => {
      const person = await visit(await enter(browser, server.url, team.reviewer, { viewport }))
      const { page, faults } = person
      const open = async (title: string) => {
        await page.goto(`${server.url}/projects`)
        await page.getByRole('link', { name: 'Новости Актобе' }).first().click()
        const path = await page.getByRole('link', { name: title, exact: true }).getAttribute('href')
        await page.goto(`${server.url}${path}/review`)
        await page.locator('[data-review][data-loaded="true"]').waitFor()
        await textOf(page).waitFor()
      }
      await open('В Алматы прошел XIV Гражданский форум')
      await page
        .getByRole('button', { name: /^Approve/ })
        .first()
        .waitFor()
      await look(person, 'review')
      await page.getByRole('button', { name: /^Reject/ }).click()
      await look(person, 'review: why not')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: /^Amend/ }).click()
      await page.getByRole('button', { name: /^Approve as amended/ }).waitFor()
      await look(person, 'review: amend')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: /Add a missed span/ }).click()
      await drag(page, 'проектов')
      await look(person, 'review: missed')
      await page.keyboard.press('Escape')
      await open('В Актобе прошел Гражданский форум')
      await page.getByText('Signed off', { exact: true }).waitFor()
      await look(person, 'review: signed off')
      await open(KAZAKH)
      await page.getByText('Nothing is marked here').waitFor()
      await look(person, 'review: nothing marked')
      if (!narrow) {
        await openArticle(person, server.url, 'НПО Казахстана обсудили Послание и цифровую трансформацию')
        await rowsOf(page).first().click()
        await page.keyboard.press('KeyB')
        await stored(page)
        await page.getByRole('link', { name: 'Review' }).click()
        await page.getByText(/Since the last decision/).waitFor()
        await look(person, 'review: changed since')
      }
      expect(faults).toEqual([])
      await person.context.close()
    })
  })
}

/** Where the focus is, and whether an outline tells it. */
const focus = (page: Page) =>
  page.evaluate(() => {
    const isOutlined = (element: Element) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
    }
    const chain: Element[] = []
    for (let at = document.activeElement; at && at !== document.body; at = at.parentElement) chain.push(at)
    const [on] = chain
    return {
      on: on?.outerHTML.slice(0, 160) ?? null,
      name: on?.getAttribute('aria-label') ?? on?.textContent?.trim() ?? '',
      seen: chain.some(isOutlined),
      inside: Boolean(on?.closest('[role=dialog]')),
    }
  })

test('the keyboard reaches everything in sight, and comes back from where it was sent', async ({ browser }) => {
  const { page, context } = await enter(browser, server.url, team.owner)
  await page.getByRole('link', { name: 'Новости Актобе' }).click()
  await page.getByRole('link', { name: KAZAKH, exact: true }).waitFor()
  const project = page.url()
  // what comes last on each
  const pages = [
    ['', page.getByRole('link', { name: KAZAKH, exact: true })],
    ['/labels', page.getByRole('radio', { name: 'Attributes' })],
    ['/people', page.getByText(team.dan, { exact: true })],
    ['/settings', page.getByLabel('Name of the project')],
    ['/import', page.getByText('Drop files here')],
    ['/export', page.getByRole('link', { name: /^Download, nothing lost/ })],
  ] as const
  for (const [path, last] of pages) {
    await page.goto(`${project}${path}`)
    await last.waitFor()
    let stops = 0
    for (;;) {
      await page.keyboard.press('Tab')
      const { on, seen } = await focus(page)
      if (on === null) break
      expect(seen, `an outline on ${path} around ${on}`).toBe(true)
      stops += 1
    }
    expect(stops, `stops on ${path}`).toBeGreaterThan(8)
  }

  await page.goto(`${project}/people`)
  const dialogs: readonly (readonly [trigger: string, item?: string])[] = [
    ['Invite'],
    [`Acts on ${team.dan}`, 'One-time link to sign in'],
    [`Acts on ${team.dan}`, 'Remove from the project'],
    [`Menu of ${team.owner}`, 'Sign out everywhere'],
  ]
  for (const [trigger, item] of dialogs) {
    await page.getByRole('button', { name: trigger }).press('Enter')
    if (item) await page.getByRole('menuitem', { name: item, exact: true }).press('Enter')
    await page.getByRole('dialog').waitFor()
    await expect.poll(async () => (await focus(page)).inside).toBe(true)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect.poll(async () => (await focus(page)).name).toContain(trigger)
  }
  await context.close()
})

/** The fragments of one-time links of every kind, and whether they let anybody in. */
async function links(browser: Browser): Promise<Record<string, { readonly hash: string; readonly lets: boolean }>> {
  const owner = await enter(browser, server.url, team.owner)
  await owner.page.getByRole('link', { name: 'Новости Актобе' }).waitFor()
  const origin = { headers: { origin: server.url } }
  const projects = (await (await owner.context.request.get(`${server.url}/api/projects`)).json()) as Ids
  const url = `${server.url}/api/projects/${projects.projects[0]!.id}/invitations`
  const invited = await owner.context.request.post(url, { data: { role: 'annotator' }, ...origin })
  const { url: invitation } = (await invited.json()) as { url: string }
  await owner.context.close()
  const signIn = Object.values(server.links())[1]!
  const good = (link: string) => ({ hash: new URL(link).hash, lets: true })
  const bad = (hash: string) => ({ hash, lets: false })
  return { 'sign-in': good(signIn), invitation: good(invitation), unknown: bad(`#${'0'.repeat(40)}`), none: bad('') }
}

interface Ids {
  projects: { id: string }[]
}
