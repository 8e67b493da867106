import { expect, test, type Browser } from '@playwright/test'
import { ask } from './http.ts'
import { clickWord, drag, KAZAKH, listed, openArticle, saved, stored, team, window, type Person } from './people.ts'
import { freePort, Process } from './process.ts'
import { RoundRobin } from './round-robin.ts'
import { linksIn, makeDatabase } from './server.ts'

test.skip(!process.env.TEST_REDIS_URL, 'needs a Redis')
test.describe.configure({ mode: 'serial' })

const running: Process[] = []
let database: Awaited<ReturnType<typeof makeDatabase>>
test.beforeAll(async () => void (database = await makeDatabase()))
test.afterAll(async () => {
  for (const one of running) await one.end('SIGKILL')
  await database.drop()
})

function start(args: readonly string[], env: NodeJS.ProcessEnv): Process {
  const one = new Process('server', args, { DATABASE_URL: database.url, ...env })
  running.push(one)
  return one
}

/** How many people are in rooms at a server. */
async function inRooms(port: number): Promise<number> {
  const { text } = await ask(`http://127.0.0.1:${port}`, 'GET', '/metrics')
  return Number(/^tamga_connections\{kind="room"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

async function enterBy(browser: Browser, url: string, link: string): Promise<Person> {
  const person = await window(browser)
  await person.page.goto(`${url}/link${new URL(link).hash}`)
  await person.page.getByRole('button', { name: 'Sign in' }).click()
  await person.page.getByRole('button', { name: /^Menu of/ }).waitFor()
  return person
}

const sees = (person: Person, names: string) => person.page.getByLabel(`here: ${names}`)

test('without Redis one server has the database: a second is told, and one that follows a kill is not', async () => {
  const args = ['--port', String(await freePort())]
  const first = start(args, {})
  await first.ready()
  for (const REDIS_URL of ['', process.env.TEST_REDIS_URL]) {
    const second = start(['--port', '0'], { REDIS_URL })
    expect((await second.ended()).code).toBe(1)
    expect(second.output).toContain(`is in use by another Tamga (process ${first.pid} on `)
    expect(second.output).toContain('REDIS_URL')
    expect(second.output).not.toMatch(/\n\s+at /)
  }
  await first.end('SIGKILL')
  const next = start(args, {})
  await next.ready()
  await next.end('SIGTERM')
})

test('what REDIS_URL needs is said before anything is begun', async () => {
  for (const [env, says] of [
    [{ REDIS_URL: 'redis://127.0.0.1', DATABASE_URL: '' }, 'name that with DATABASE_URL'],
    [{ REDIS_URL: 'http://user:secret@127.0.0.1' }, 'REDIS_URL takes an address such as redis://'],
  ] as const) {
    const refused = start([], env)
    expect((await refused.ended()).code).toBe(2)
    expect(refused.output).toContain(says)
    expect(refused.output).not.toContain('secret')
  }
})

test('servers that start at once over an empty Postgres make it ready once', async () => {
  const empty = await makeDatabase()
  const env = { REDIS_URL: process.env.TEST_REDIS_URL!, DATABASE_URL: empty.url }
  const three = [1, 2, 3].map(() => start(['--port', '0'], env))
  for (const one of three) await one.ready()
  const made = `select (select count(*)::int from article) as articles, (select count(*)::int from audit where act = 'demo.seeded') as seeded`
  expect(await empty.rows(made)).toEqual([{ articles: 5, seeded: 1 }])
  for (const one of three) expect((await one.end('SIGTERM')).code).toBe(0)
  await empty.drop()
})

test('people at three servers behind one address work together, and one server may die', async ({ browser }) => {
  const demo = start(['--port', '0'], {})
  await demo.ready()
  const links = linksIn(demo.output)
  const linkOf = (name: string) => Object.entries(links).find(([key]) => key.endsWith(name))![1]
  await demo.end('SIGTERM')
  // people like any others: the demo's own may enter where nobody else can come
  await database.rows('update account set demo = null')

  const ports = [await freePort(), await freePort(), await freePort()]
  const front = await RoundRobin.open(await freePort(), ports)
  const env = { REDIS_URL: process.env.TEST_REDIS_URL!, PUBLIC_URL: front.url }
  const serve = (port: number) => start(['--port', String(port)], env)
  const servers = ports.map(serve)
  for (const one of servers) await one.ready()
  const alone = start(['--port', '0'], {})
  expect((await alone.ended()).code).toBe(1)
  expect(alone.output).toContain('They work together by a REDIS_URL')

  // one after another into the same text, each at a server of their own
  const people: Person[] = []
  for (const name of [team.ann, team.dan, team.reviewer]) {
    const person = await enterBy(browser, front.url, linkOf(name))
    await openArticle(person, front.url, KAZAKH)
    people.push(person)
  }
  const [ann, dan, olga] = people as [Person, Person, Person]
  await expect.poll(() => Promise.all(ports.map(inRooms))).toEqual([1, 1, 1])
  await sees(ann, `${team.dan}, ${team.reviewer}`)
    .or(sees(ann, `${team.reviewer}, ${team.dan}`))
    .waitFor()
  const looker = await enterBy(browser, front.url, linkOf(team.owner))
  await looker.page.goto(`${front.url}/projects`)
  await looker.page.getByRole('link', { name: 'Новости Актобе' }).first().click()
  const row = looker.page.getByRole('row').filter({ hasText: KAZAKH })
  for (const name of [team.ann, team.dan, team.reviewer]) await row.getByRole('img', { name }).waitFor()

  await clickWord(ann.page, 'Ақтөбеде')
  await ann.page.keyboard.press('KeyT')
  await drag(dan.page, 'Асхат Шахаров')
  await dan.page.keyboard.press('KeyA')
  for (const { page } of people) await expect.poll(async () => (await listed(page)).length).toBe(2)

  // the first dies while she works on: she is at another one a moment later
  await servers[0]!.end('SIGKILL')
  await drag(ann.page, '«Қазақстан халқына» қоғамдық қоры')
  await ann.page.keyboard.press('KeyG')
  await stored(ann.page)
  for (const { page } of people) await expect.poll(async () => (await listed(page)).length).toBe(3)
  await saved(ann.page).waitFor()
  await sees(dan, `${team.ann}, ${team.reviewer}`)
    .or(sees(dan, `${team.reviewer}, ${team.ann}`))
    .waitFor()

  // a rolling upgrade: each ends in order and comes back, and nobody has to do anything
  servers[0] = serve(ports[0]!)
  await servers[0].ready()
  for (const i of [1, 2]) {
    expect((await servers[i]!.end('SIGTERM')).code).toBe(0)
    servers[i] = serve(ports[i]!)
    await servers[i].ready()
  }
  await clickWord(olga.page, 'Қазақстан')
  await olga.page.keyboard.press('KeyT')
  for (const { page } of people) await expect.poll(async () => (await listed(page)).length).toBe(4)
  await stored(olga.page)
  await expect
    .poll(async () => new Set(await Promise.all(people.map(({ page }) => listed(page).then(String)))).size)
    .toBe(1)
  const kept = await database.rows<{ n: number }>(
    `select count(*)::int as n from annotation a join layer l on l.id = a.layer join revision r on r.id = l.revision
     join article on article.id = r.article where article.external_id = '004' and gone_at is null`,
  )
  expect(kept[0]!.n).toBe((await listed(ann.page)).length)
  front.close()
})
