import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { ask, callerOf } from './http.ts'
import { clickWord, enter, KAZAKH, listed, openArticle, opened, stored, team, window } from './people.ts'
import { freePort, holdPort, Process } from './process.ts'
import { linksIn, startServer, type TestServer } from './server.ts'
import { unzip } from './unzip.ts'

/** Everything ends within this, and a start on what is there takes no longer than that. */
const STOP_SECONDS = 5
const WARM_SECONDS = 3

const dir = mkdtempSync(join(tmpdir(), 'tamga-e2e-'))
const data = ['--data', dir]
const running: Process[] = []
function start(program: ConstructorParameters<typeof Process>[0], args: string[], env: NodeJS.ProcessEnv = {}) {
  const one = new Process(program, args, env)
  running.push(one)
  return one
}
test.describe.configure({ mode: 'serial' })
test.afterAll(async () => {
  for (const one of running) await one.end('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

/** The server that the tests share, on the data folder that they share. */
let server: Process

test('asks for what it needs before it begins', async () => {
  const help = start('server', ['--help'])
  expect(await help.ended()).toMatchObject({ code: 0 })
  for (const option of [
    '--port',
    '--host',
    '--data',
    '--take-copy',
    '--no-demo',
    '--help',
    'DATABASE_URL',
    'PUBLIC_URL',
  ])
    expect(help.output).toContain(option)

  const wrong: [string[], NodeJS.ProcessEnv, string][] = [
    [['--host', '0.0.0.0'], {}, 'say under which one people come, for example PUBLIC_URL=http://'],
    [['--port', 'http'], {}, '--port takes a number from 0 to 65535, not "http"'],
    [[], { PUBLIC_URL: 'tamga.example.org' }, 'PUBLIC_URL takes an origin such as https://tamga.example.org'],
    [['--prot', '1'], {}, '--prot'],
  ]
  for (const [args, env, says] of wrong) {
    const refused = start('server', [...data, ...args], env)
    expect((await refused.ended()).code).toBe(2)
    expect(refused.output).toContain(says)
    expect(refused.output).not.toMatch(/\n\s+at /)
  }
  expect(existsSync(join(dir, 'tamga.lock'))).toBe(false)
})

test('what the system refuses is told with its place and a way out', async () => {
  const file = join(dir, 'a file')
  writeFileSync(file, '')
  const elsewhere = join(dir, 'elsewhere')
  const wrong: [string[], string, string][] = [
    [['--data', file], `The data folder "${file}" cannot be written (EEXIST`, 'with --data'],
    [['--data', join(file, 'data')], 'cannot be written (ENOTDIR', 'with --data'],
    // an address of nobody, kept for examples
    [['--data', elsewhere, '--host', '192.0.2.1'], 'cannot listen on port 4173 of 192.0.2.1', 'with --host'],
  ]
  for (const [args, says, remedy] of wrong) {
    const refused = start('server', args)
    expect((await refused.ended()).code).toBe(1)
    expect(refused.output).toContain(says)
    expect(refused.output).toContain(remedy)
    expect(refused.output).not.toMatch(/\n\s+at /)
  }
})

test('a port that was asked for and is taken is named; one that was not is passed over', async () => {
  const taken = await holdPort()
  const refused = start('server', [...data, '--port', String(taken.port)])
  expect((await refused.ended()).code).toBe(1)
  expect(refused.output).toContain(`Port ${taken.port} is taken. Name another with --port`)
  await taken.release()

  const usual = await holdPort(4173).catch(() => null)
  server = start('server', data)
  await server.ready()
  await usual?.release()
  expect(Number(new URL(server.url).port)).toBeGreaterThan(4173)
  expect((await ask(server.url, 'GET', '/api/session')).status).toBe(200)
})

test('a second process on the data folder is told who has it, and the first serves on', async () => {
  const second = start('server', data)
  expect((await second.ended()).code).toBe(1)
  expect(second.output).toContain(
    `Another Tamga (process ${server.pid}) holds the data folder "${dir}" and answers at ${server.url}.`,
  )
  expect((await ask(server.url, 'GET', '/api/session')).status).toBe(200)
})

test('files may be kept for ever, the page not at all, and no foreign script runs', async () => {
  const page = await ask(server.url, 'GET', '/articles/anything')
  expect(page.status).toBe(200)
  expect(page.headers['cache-control']).toBe('no-cache')
  const policy = page.headers['content-security-policy']
  expect(policy).toContain("default-src 'self'")
  expect(policy).not.toMatch(/script-src|unsafe-eval|style-src-elem|\*/)
  expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  const files = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
  expect(files.length).toBeGreaterThan(1)
  for (const path of files) {
    const file = await ask(server.url, 'GET', path)
    expect([path, file.status, file.headers['cache-control']]).toEqual([
      path,
      200,
      'public, max-age=31536000, immutable',
    ])
  }
  for (const path of ['/assets/none.js', '/none.css', '/..%2f..%2fpackage.json'])
    expect([path, (await ask(server.url, 'GET', path)).status]).toEqual([path, 404])
  expect((await ask(server.url, 'GET', '/api/session')).headers['cache-control']).toBe('no-store')
})

/** Every address that a page asks for, those of sockets too. */
function addresses(page: Page): Set<string> {
  const asked = new Set<string>()
  const note = (url: string) => /^(https?|wss?):/.test(url) && asked.add(new URL(url.replace(/^ws/, 'http')).origin)
  page.on('request', (request) => note(request.url()))
  page.on('websocket', (socket) => note(socket.url()))
  return asked
}

test('the pages ask nobody but the server', async ({ browser }) => {
  const person = await window(browser)
  const asked = addresses(person.page)
  const complaints: string[] = []
  person.page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await person.page.goto(server.url)
  await person.page.getByRole('button', { name: team.owner }).click()
  await person.page.getByRole('link', { name: KAZAKH, exact: true }).waitFor()
  await openArticle(person, server.url, KAZAKH)
  for (const path of ['/projects', '/account', '/nowhere']) {
    await person.page.goto(`${server.url}${path}`)
    await person.page.getByRole('heading', { level: 1 }).waitFor()
  }
  expect([...asked]).toEqual([server.url])
  expect(complaints).toEqual([])
  await person.context.close()
})

const EMAIL = 'aktobe.owner@example.org'

test('the command line speaks to the running server', async () => {
  const none = start('tamga', ['link', EMAIL, ...data])
  expect((await none.ended()).code).toBe(1)
  expect(none.output).toContain(`There is no account "${EMAIL}" here.`)

  const owner = await callerOf(server.url, team.owner)
  const project = (await owner.get<{ projects: { id: string }[] }>('/projects')).projects[0]!.id
  const { url } = await owner.do<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'reviewer' })
  const person = { name: 'Aktobe', email: EMAIL, password: 'a long password' }
  const body = { token: url.split('#')[1], person }
  expect((await ask(server.url, 'POST', '/api/tickets/use', { body })).status).toBe(200)

  const link = start('tamga', ['link', EMAIL, ...data])
  expect((await link.ended()).code).toBe(0)
  const token = link.output.trim().split('#')[1]
  expect(link.output.trim()).toBe(`${server.url}/link#${token!}`)
  const used = await ask(server.url, 'POST', '/api/tickets/use', { body: { token } })
  expect(JSON.parse(used.text)).toMatchObject({ account: { email: EMAIL } })
  expect((await ask(server.url, 'POST', '/api/tickets/use', { body: { token } })).status).toBe(410)
  await exportBy('running.zip')
})

async function exportBy(name: string): Promise<void> {
  const out = join(dir, name)
  const exporting = start('tamga', ['export', 'Новости Актобе', '--out', out, '--include', 'all', ...data])
  const { code } = await exporting.ended()
  const lines = exporting.output.trim().split('\n')
  expect([code, ...lines.slice(0, 2), lines.at(-1)]).toEqual([
    0,
    `${out} is written.`,
    expect.stringMatching(/^5 articles, \d+ annotations\.$/),
    expect.stringContaining('report.json'),
  ])
  expect(lines).toContainEqual(expect.stringMatching(/Гражданский форум Астаны.* undecided\)$/))
  const files = await unzip(out)
  expect(files['corpus.jsonl']!.split('\n').filter(Boolean).length).toBeGreaterThan(1)
  expect(files['report.json']).toContain('"kept"')
}

test('SIGTERM ends it at once with people inside, and it starts again at once', async ({ browser }) => {
  const person = await enter(browser, server.url, team.ann)
  await openArticle(person, server.url, KAZAKH)
  const end = await server.end('SIGTERM')
  expect(end).toMatchObject({ code: 0, signal: null })
  expect(end.seconds).toBeLessThan(STOP_SECONDS)
  expect(existsSync(join(dir, 'tamga.lock'))).toBe(false)
  await person.context.close()

  await exportBy('stopped.zip')
  const link = start('tamga', ['link', EMAIL, ...data])
  expect((await link.ended()).code).toBe(0)
  expect(link.output).toMatch(/\/link#[0-9a-f]{40}\n$/)

  server = start('server', data)
  const seconds = await server.ready()
  // other tests run beside this one: what a start takes of a processor is its own
  const effort = server.effort ?? seconds
  const said = `${seconds.toFixed(2)} s, of a processor ${effort.toFixed(2)} s`
  test.info().annotations.push({ type: 'warm start', description: said })
  console.log(`warm start: ${said}; stop: ${end.seconds.toFixed(2)} s`)
  expect(effort).toBeLessThan(WARM_SECONDS)
})

test('SIGINT ends it at once; after kill -9 the next start works', async () => {
  expect(await server.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
  expect(existsSync(join(dir, 'tamga.lock'))).toBe(true)
  server = start('server', data)
  await server.ready()
  const owner = await callerOf(server.url, team.owner)
  expect((await owner.get<{ projects: unknown[] }>('/projects')).projects).toHaveLength(1)
  const end = await server.end('SIGINT')
  expect(end).toMatchObject({ code: 0, signal: null })
  expect(end.seconds).toBeLessThan(STOP_SECONDS)
})

/** An address of this machine that others can reach. */
const address = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

test.describe('on an address of the local network', () => {
  test.skip(!address, 'this machine has no address but its own')
  let port: string
  let demoLinks: string[]
  let demoCookie: string
  let own: TestServer | null = null
  test.afterAll(() => own?.stop())

  test.beforeAll(async () => {
    port = String(await freePort())
    const here = start('server', [...data, '--port', port])
    await here.ready()
    demoLinks = Object.values(linksIn(here.output))
    demoCookie = (await callerOf(here.url, team.owner)).cookie
    await here.end('SIGTERM')
    server = start('server', [...data, '--port', port, '--host', address!])
    await server.ready()
  })

  test('the demo team and its links are shut out, and a warning is printed', async () => {
    expect(server.url).toBe(`http://${address!}:${port}`)
    expect(server.output).toContain('Warning: plain HTTP.')
    expect(server.output).not.toContain(team.owner)
    expect(demoLinks).toHaveLength(4)
    const session = await ask(server.url, 'GET', '/api/session', { cookie: demoCookie })
    expect(JSON.parse(session.text)).toMatchObject({ account: null, demo: [], plainHttp: true })
    for (const link of demoLinks) {
      const body = { token: link.split('#')[1] }
      for (const act of ['look', 'use']) {
        const { status, text } = await ask(server.url, 'POST', `/api/tickets/${act}`, { body })
        expect([status, text]).toEqual([403, expect.stringContaining('demo_only_here')])
      }
    }
    const demo = await ask(server.url, 'POST', '/api/session/demo', { body: { person: 'owner' } })
    expect([demo.status, demo.text]).toEqual([403, expect.stringContaining('demo_only_here')])
    const byName = await ask(server.url, 'GET', '/api/session', { headers: { host: `tamga.example:${port}` } })
    expect(byName.status).toBe(403)
  })

  test('somebody can begin, mark, decide and come back on plain HTTP', async ({ browser }) => {
    own = await startServer({ base: 'postgres', host: address!, demo: false })
    const { page, context } = await window(browser)
    const warning = page.getByText('This address has no encryption').first()
    await page.goto(own.url)
    await expect(warning).toBeVisible()
    await expect(page.getByText(team.owner)).toHaveCount(0)

    await page.goto(own.links().first!)
    await expect(warning).toBeVisible()
    // what a browser withholds at such an address, so that nothing may lean on it
    expect(await page.evaluate(() => [isSecureContext, 'subtle' in crypto, 'randomUUID' in crypto])).toEqual([
      false,
      false,
      false,
    ])
    await page.getByLabel('Name').fill('Olga')
    await page.getByLabel('E-mail').fill(EMAIL)
    await page.getByLabel('Password').fill('a long password')
    await page.getByRole('button', { name: 'Become the owner' }).click()
    await page.getByRole('button', { name: 'New project' }).click()
    await page.getByLabel('Name of the project').fill('Corpus')
    await page.getByRole('button', { name: 'Make the project' }).click()
    await page.getByRole('link', { name: 'Add articles' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Add articles' }).waitFor()
    const text = { name: 'forum.txt', mimeType: 'text/plain', buffer: Buffer.from('Форум прошел в Актобе.\n') }
    await page.getByLabel('Choose files').last().setInputFiles(text)
    await page.getByRole('button', { name: 'Add 1 article' }).click()
    await page.getByRole('link', { name: 'To the articles' }).click()

    await page.getByRole('link', { name: 'Форум прошел в Актобе.' }).click()
    await opened(page)
    await clickWord(page, 'Актобе')
    await page.keyboard.press('KeyT')
    await expect.poll(() => listed(page)).toHaveLength(1)
    await stored(page)
    await page.goto(`${page.url()}/review`)
    await expect(page.getByRole('button', { name: /^Approve/ }).first()).toBeEnabled()
    await page.keyboard.press('Enter')
    // the page shows it as approved only when its own digest is the decision's
    await expect.poll(async () => (await listed(page))[0]).toMatch(/^CITY Актобе .*approved/)
    const gold = await own.rows<{ quotes: string[] }>('select quotes from gold where to_cut is null')
    expect(gold).toEqual([{ quotes: ['Актобе'] }])

    await page.goto(`${own.url}/offline`)
    await expect(page.getByText('Missing at this address')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Ask for lasting storage' })).toHaveCount(0)

    await page.getByRole('button', { name: 'Menu of Olga' }).click()
    await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
    await page.getByLabel('E-mail').fill(EMAIL)
    await page.getByLabel('Password').fill('a long password')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Menu of Olga' }).waitFor()
    await context.close()
  })
})
