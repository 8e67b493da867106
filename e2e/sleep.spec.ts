import { readdirSync, readFileSync } from 'node:fs'
import { chromium, expect, test } from '@playwright/test'
import { drag, enter, KAZAKH, listed, openArticle, stored, team } from './people.ts'
import { startServer, type TestServer } from './server.ts'

/** Longer than 40 s, and the server gives a sleeper's connection up by itself. */
const SLEEP_MS = Number(process.env.SLEEP_MS ?? 3000)
const HOUR = 60 * 60 * 1000

let server: TestServer
test.beforeEach(async () => {
  server = await startServer({ base: 'postgres' })
})
test.afterEach(() => server.stop())

/** When the rows say that each span was made, by label. */
const made = () =>
  server.rows<{ label: string; at: Date }>(
    `select n.content->>'label' as label, n.created_at as at from annotation n
     join layer l on l.id = n.layer join revision r on r.id = l.revision join article a on a.id = r.article
     where a.external_id = '004' and n.gone_at is null order by n.created_at, n.id`,
  )

/** A process with all that it began, as a computer that sleeps has all of it stand still. */
function whole(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // behind the name, which may hold anything: state, parent
        return [[Number(name), Number(/.*\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))![1])] as const]
      } catch {
        return []
      }
    })
  const below = (one: number): number[] => [
    one,
    ...parents.flatMap(([id, parent]) => (parent === one ? below(id) : [])),
  ]
  return below(pid)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has ended since it was listed
  }
}

test('a browser that slept while the server was another one hears and says what it missed', async ({
  browser,
}, info) => {
  test.skip(process.platform !== 'linux', 'reads /proc')
  const bed = await chromium.launchServer({ ...info.project.use.launchOptions })
  const sleeping = await chromium.connect(bed.wsEndpoint())
  const [ann, dan] = [await enter(sleeping, server.url, team.ann), await enter(browser, server.url, team.dan)]
  for (const person of [ann, dan]) await openArticle(person, server.url, KAZAKH)
  await drag(ann.page, 'Асхат Шахаров')
  await ann.page.keyboard.press('KeyA')
  const tree = whole(bed.process().pid!)
  for (const pid of tree) send(pid, 'SIGSTOP')
  await drag(dan.page, 'Ақтөбеде')
  await dan.page.keyboard.press('KeyT')
  await stored(dan.page)
  if (!process.env.SLEEP_MS) await server.kill()
  await new Promise((resolve) => setTimeout(resolve, SLEEP_MS))
  if (!process.env.SLEEP_MS) await server.start()
  for (const pid of tree) send(pid, 'SIGCONT')

  const both = async () => (await made()).map(({ label }) => label).sort()
  await expect.poll(both).toEqual(['city', 'per'])
  for (const { page } of [ann, dan]) {
    await expect.poll(async () => (await listed(page)).length).toBe(2)
    await stored(page)
  }
  await sleeping.close()
  await bed.close()
})

test('a clock that is set, forwards or back, dates nothing and stops nothing', async ({ browser }) => {
  const [ann, dan] = [await enter(browser, server.url, team.ann), await enter(browser, server.url, team.dan)]
  for (const person of [ann, dan]) await openArticle(person, server.url, KAZAKH)
  const before = Date.now()
  for (const [i, [hours, words, key]] of (
    [
      [9, 'Ақтөбеде', 'KeyT'],
      [-50, 'Асхат Шахаров', 'KeyA'],
    ] as const
  ).entries()) {
    await ann.page.clock.setSystemTime(Date.now() + hours * HOUR)
    await drag(ann.page, words)
    await ann.page.keyboard.press(key)
    await stored(ann.page)
    await expect.poll(async () => (await listed(dan.page)).length).toBe(i + 1)
  }
  for (const { at } of await made()) {
    expect(at.getTime()).toBeGreaterThan(before - HOUR)
    expect(at.getTime()).toBeLessThan(Date.now() + HOUR)
  }
  await dan.context.close()
  await ann.context.close()
})
