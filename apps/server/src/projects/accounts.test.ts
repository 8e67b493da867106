import { afterAll, beforeAll, expect, test } from 'vitest'
import { cookieOf, openTestApp, type Browser, type TestApp } from '../test-app.ts'
import type { RefusedLine, Slip } from './accounts.ts'

const NEXT = 'another long one'

let app: TestApp
let owner: Browser
let project: string
beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
  project = await newProject()
})
afterAll(() => app.close())

const newProject = async () =>
  (await owner.send<{ id: string }>('POST', '/projects', { name: 'Class', languages: ['kk'], template: 'news' })).id
const make = async (names: string, { role = 'annotator', days = 7, into = project } = {}) =>
  (await owner.send<{ slips: Slip[] }>('POST', `/projects/${into}/accounts`, { names, role, days })).slips
const refused = async (names: string, into = project) => {
  const response = await owner.request('POST', `/projects/${into}/accounts`, { names, role: 'viewer', days: 1 })
  const { code, data } = (await response.json()) as { code: string; data: RefusedLine[] | null }
  return { code, lines: data?.map(({ line, code, details }) => ({ line, code, ...details })) }
}
const count = async () =>
  (
    await app.services.db
      .selectFrom('account')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n
const members = async (of = project) =>
  (
    await owner.get<{ members: { name: string; role: string; signInName: string; pseudonym: string }[] }>(
      `/projects/${of}/members`,
    )
  ).members

test('a list of names becomes accounts with sign-in names, a role and a slip each', async () => {
  const slips = await make('Айгүл Сатыбалды\r\n\n  Данияр   Оспанов \nАйгул Сатыбалды')
  expect(slips.map(({ name, signInName }) => [name, signInName])).toEqual([
    ['Айгүл Сатыбалды', 'aygul.satybaldy'],
    ['Данияр Оспанов', 'daniyar.ospanov'],
    ['Айгул Сатыбалды', 'aygul.satybaldy2'],
  ])
  expect((await members()).slice(1).map(({ role, pseudonym }) => [role, pseudonym])).toEqual(
    ['A2', 'A3', 'A4'].map((pseudonym) => ['annotator', pseudonym]),
  )
  const [first] = slips
  expect(Math.round((Date.parse(first!.expiresAt) - Date.now()) / 3_600_000)).toBe(7 * 24)
  expect(first!.url).toBe(`${app.services.origins.url}/link#${first!.code}`)
})

test('who has a slip sets a password by its code and signs in by the sign-in name from then on', async () => {
  const [slip] = await make('Мұрат Ержан')
  const used = await app.stranger.request('POST', '/tickets/use', { token: slip!.code, password: NEXT })
  const own = app.browser(slip!.account, cookieOf(used.headers.get('set-cookie')!))
  expect(await own.get('/projects')).toMatchObject({ projects: [{ id: project, role: 'annotator' }] })
  const signIn = { email: slip!.signInName, password: NEXT }
  expect(await app.stranger.refusal('POST', '/session/password', signIn)).toBe(200)
  expect(await app.stranger.refusal('POST', '/tickets/use', { token: slip!.code })).toBe('link_used')
})

test('bad lines are named all at once, and nothing is made', async () => {
  const [before, acts] = [await count(), (await members()).length]
  expect(await refused(`Owner\nБолат\n\nбОЛАТ\nAn\u202ena\n${'x'.repeat(101)}\nZ${'\u0300'.repeat(9)}\nAida`)).toEqual({
    code: 'names_refused',
    lines: [
      { line: 1, code: 'name_member' },
      { line: 4, code: 'name_twice', first: 2 },
      { line: 5, code: 'name_character', at: 3, character: 'U+202E' },
      { line: 6, code: 'name_long', most: 100 },
      { line: 7, code: 'name_marks', at: 1 },
    ],
  })
  expect([await count(), (await members()).length]).toEqual([before, acts])
})

test.each([
  ['', 'name_empty'],
  [' \n\t\r\n', 'name_empty'],
  [Array.from({ length: 201 }, (_, i) => `Person ${i}`).join('\n'), 'names_many'],
  ['x\n'.repeat(60_000), 'over_limit'],
])('a list without a name, or with too many, makes nothing (%#)', async (names, code) => {
  const before = await count()
  expect((await refused(names)).code).toBe(code)
  expect(await count()).toBe(before)
})

test('two hundred are made at once, whatever their letters', async () => {
  const into = await newProject()
  const slips = await make(Array.from({ length: 200 }, (_, i) => `学生 ${i}`).join('\n'), { into })
  expect(new Set(slips.map(({ signInName }) => signInName)).size).toBe(200)
  expect(slips[0]!.signInName).toMatch(/^person\d*$/)
  expect(new Set(slips.map(({ code }) => code)).size).toBe(200)
  expect((await members(into)).length).toBe(201)
})

test('two owners who make the same names at once make accounts with names of their own', async () => {
  const [one, two] = [await newProject(), await newProject()]
  const slips = (await Promise.all([one, two].map((into) => make('Сәуле Ахмет', { into })))).flat()
  expect(slips.map(({ signInName }) => signInName).sort()).toEqual(['saule.akhmet', 'saule.akhmet2'])
})

test('a slip that is made anew takes the place of the unused one', async () => {
  const [slip] = await make('Жанар Тлеу')
  const again = async () =>
    (await owner.send<{ slips: Slip[] }>('POST', `/projects/${project}/slips`, { accounts: [slip!.account], days: 30 }))
      .slips[0]!
  const newer = await again()
  expect(newer).toMatchObject({ account: slip!.account, signInName: slip!.signInName })
  expect(await app.stranger.refusal('POST', '/tickets/look', { token: slip!.code })).toBe('link_used')
  expect(await app.stranger.refusal('POST', '/tickets/look', { token: newer.code })).toBe(200)
  const nobody = await app.person('Nobody')
  const body = { accounts: [slip!.account, nobody.account], days: 1 }
  expect(await owner.refusal('POST', `/projects/${project}/slips`, body)).toBe('member_gone')
  expect(await app.stranger.refusal('POST', '/tickets/look', { token: newer.code })).toBe(200)
})

test.each(['viewer', 'annotator', 'reviewer'])('a %s makes no accounts and no slips', async (role) => {
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role })
  const person = await app.person(`Some ${role}`)
  await person.send('POST', '/tickets/use', { token: url.split('#')[1] })
  const body = { names: 'Somebody', role: 'viewer', days: 1 }
  expect(await person.refusal('POST', `/projects/${project}/accounts`, body)).toBe('forbidden')
  const slips = { accounts: [owner.account], days: 1 }
  expect(await person.refusal('POST', `/projects/${project}/slips`, slips)).toBe('forbidden')
})
