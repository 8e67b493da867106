import type { Content, LabelSet } from '@tamga/model'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factsAfter, projectScope } from '../facts.ts'
import { importArticles } from '../articles/import.ts'
import { openTestApp, PASSWORD, type Browser, type TestApp } from '../test-app.ts'
import { newId, type Services } from '../services.ts'
import { resumeRefreshes } from './refresh.ts'
import { changeSettings } from './settings.ts'
import { refreshedTo } from './store.ts'

let app: TestApp
let owner: Browser
let project: string
beforeAll(async () => {
  app = await openTestApp()
  owner = await app.person('Owner')
})
afterAll(() => app.close())
beforeEach(async () => {
  project = (
    await owner.send<{ id: string }>('POST', '/projects', { name: 'News', languages: ['kk'], template: 'news' })
  ).id
})

const join = async (name: string, role: string): Promise<Browser> => {
  const person = await app.person(name)
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role })
  await person.send('POST', '/tickets/use', { token: url.split('#')[1] })
  return person
}
const link = (browser: Browser, member: string) => browser.send<{ url: string }>('POST', `${member}/link`)
const roleIn = async (browser: Browser) => (await browser.get<{ role: string }>(`/projects/${project}`)).role
/** What was done in the project, in its order. */
const actsOf = async () => {
  const audit = app.services.db.selectFrom('audit').select('act').where('project', '=', project)
  return (await audit.orderBy('id').execute()).map(({ act }) => act)
}
const labels = () => owner.get<{ no: number; set: LabelSet; used: string[] }>(`/projects/${project}/labels`)

describe('a project', () => {
  test('starts from its template, with its maker as owner', async () => {
    const view = await owner.get<{ role: string; labelSet: { no: number; set: LabelSet } }>(`/projects/${project}`)
    expect(view.role).toBe('owner')
    expect(view.labelSet.no).toBe(1)
    expect(view.labelSet.set.labels.filter((label) => !label.group)).toHaveLength(18)
  })

  test('is answered to a foreigner like one that does not exist', async () => {
    const foreigner = await app.person('Foreigner')
    const paths = ['', '/members', '/labels']
    for (const path of paths) {
      expect(await foreigner.refusal('GET', `/projects/${project}${path}`)).toBe('not_found')
      expect(await foreigner.refusal('GET', `/projects/AAAAAAAAAAAAAAAA${path}`)).toBe('not_found')
      expect(await app.stranger.refusal('GET', `/projects/${project}${path}`)).toBe('sign_in')
    }
    expect(await foreigner.get('/projects')).toEqual({ projects: [], deleted: [] })
  })

  test('is left as it is by a change of nothing', async () => {
    expect(await owner.refusal('PATCH', `/projects/${project}`, {})).toBe(204)
  })
})

describe('an invitation', () => {
  type Invitation = { note: string | null; expiresAt: string }
  const invitations = async (by = owner) =>
    (await by.get<{ invitations: Invitation[] }>(`/projects/${project}/members`)).invitations
  const asked = (more: object) => owner.refusal('POST', `/projects/${project}/invitations`, { role: 'viewer', ...more })

  test('lives as many days as its maker says, and carries a note that only owners read', async () => {
    const reader = await join('Reader', 'reviewer')
    const note = '  for the   third group '
    const { expiresAt } = await owner.send<Invitation>('POST', `/projects/${project}/invitations`, {
      ...{ role: 'annotator', days: 7, note },
    })
    expect(await invitations()).toMatchObject([{ note: 'for the third group', expiresAt }])
    const days = (new Date(expiresAt).getTime() - Date.now()) / (24 * 60 * 60 * 1000)
    expect([Math.round(days), await invitations(reader)]).toEqual([7, []])
  })

  test.each([
    ['a term that is not offered', { days: 365 }],
    ['a term that is no number', { days: '7' }],
    ['a note that is too long', { note: 'a'.repeat(201) }],
    ['a note with a hidden character', { note: 'for\u202e Anna' }],
  ])('is refused with %s, and none is made', async (_what, more) => {
    expect(await asked(more)).not.toBe(200)
    expect(await invitations()).toEqual([])
  })

  test('lives a day and has no note unless told', async () => {
    expect(await asked({ note: 'a'.repeat(200), days: 30 })).toBe(200)
    expect(await asked({})).toBe(200)
    const [, plain] = await invitations()
    expect(plain).toMatchObject({ note: null })
    expect(new Date(plain!.expiresAt).getTime() - Date.now()).toBeLessThanOrEqual(24 * 60 * 60 * 1000)
  })
})

describe('people', () => {
  test('come in by invitation, under its role, once', async () => {
    const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'annotator' })
    const token = url.split('#')[1]!
    const person = { name: 'New', email: `${token.slice(0, 8)}@example.org`, password: PASSWORD }
    const used = await app.stranger.send<{ account: { id: string }; project: string }>('POST', '/tickets/use', {
      token,
      person,
    })
    expect(used.project).toBe(project)
    expect(await app.stranger.refusal('POST', '/tickets/use', { token, person })).toBe('link_used')
    const { members } = await owner.get<{ members: { account: string; role: string }[] }>(
      `/projects/${project}/members`,
    )
    expect(members).toContainEqual(expect.objectContaining({ account: used.account.id, role: 'annotator' }))
  })

  test('an invitation never lowers a role, and dies with its revocation or its maker', async () => {
    const reviewer = await join('Reviewer', 'reviewer')
    const low = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'viewer' })
    await reviewer.send('POST', '/tickets/use', { token: low.url.split('#')[1] })
    expect(await roleIn(reviewer)).toBe('reviewer')
    const gone = await owner.send<{ id: string; url: string }>('POST', `/projects/${project}/invitations`, {
      role: 'viewer',
    })
    await owner.send('DELETE', `/projects/${project}/invitations/${gone.id}`)
    expect(await reviewer.refusal('POST', '/tickets/use', { token: gone.url.split('#')[1] })).toBe('link_used')
    const second = await join('Second owner', 'owner')
    const theirs = await second.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'owner' })
    await owner.send('PATCH', `/projects/${project}/members/${second.account}`, { role: 'annotator' })
    expect(await reviewer.refusal('POST', '/tickets/use', { token: theirs.url.split('#')[1] })).toBe('link_used')
  })

  test.each(['viewer', 'annotator', 'reviewer'])('a %s may not manage people, labels or settings', async (role) => {
    const member = await join(role, role)
    const other = await join('Other', 'viewer')
    const { no, set } = await labels()
    const at = `/projects/${project}`
    expect(await member.refusal('POST', `${at}/invitations`, { role: 'viewer' })).toBe('forbidden')
    expect(await member.refusal('PATCH', `${at}/members/${other.account}`, { role: 'owner' })).toBe('forbidden')
    expect(await member.refusal('PATCH', `${at}/members/${member.account}`, { role: 'owner' })).toBe('forbidden')
    expect(await member.refusal('DELETE', `${at}/members/${other.account}`)).toBe('forbidden')
    expect(await member.refusal('POST', `${at}/members/${other.account}/link`)).toBe('forbidden')
    expect(await member.refusal('PUT', `${at}/labels`, { base: no, set })).toBe('forbidden')
    expect(await member.refusal('PATCH', at, { name: 'Mine' })).toBe('forbidden')
    expect(await roleIn(member)).toBe(role)
  })

  test('the last owner stays', async () => {
    expect(await owner.refusal('DELETE', `/projects/${project}/members/${owner.account}`)).toBe('last_owner')
    expect(await owner.refusal('PATCH', `/projects/${project}/members/${owner.account}`, { role: 'viewer' })).toBe(
      'last_owner',
    )
  })

  test('who is removed sees nothing more, and comes back by invitation', async () => {
    const member = await join('Member', 'annotator')
    await owner.send('DELETE', `/projects/${project}/members/${member.account}`)
    expect(await member.refusal('GET', `/projects/${project}`)).toBe('not_found')
    const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'viewer' })
    await member.send('POST', '/tickets/use', { token: url.split('#')[1] })
    expect(await roleIn(member)).toBe('viewer')
  })

  test('a one-time link helps a member in who has other projects too, and opens this one', async () => {
    const member = await join('Forgetful', 'annotator')
    await member.send('POST', '/projects', { name: 'Private', languages: [], template: 'empty' })
    const { url } = await link(owner, `/projects/${project}/members/${member.account}`)
    expect(await app.stranger.send('POST', '/tickets/use', { token: url.split('#')[1] })).toMatchObject({
      account: { id: member.account },
      project,
    })
    const nobody = `/projects/${project}/members/${(await app.person('Foreigner')).account}`
    expect(await owner.refusal('POST', `${nobody}/link`)).toBe('member_gone')
  })

  test('an invitation is never used after its maker lost the right to give it', async () => {
    const second = await join('Second owner', 'owner')
    const { url } = await second.send<{ url: string }>('POST', `/projects/${project}/invitations`, { role: 'owner' })
    const person = { name: 'Late', email: `${second.account.toLowerCase()}.late@example.org`, password: PASSWORD }
    const [use] = await Promise.all([
      app.stranger.refusal('POST', '/tickets/use', { token: url.split('#')[1], person }),
      owner.send('PATCH', `/projects/${project}/members/${second.account}`, { role: 'annotator' }),
    ])
    const acts = await actsOf()
    expect(acts.at(-1)).toBe('member.role')
    expect(acts.filter((act) => act === 'member.joined')).toHaveLength(use === 200 ? 2 : 1)
  })

  test('nobody is removed by somebody who lost the right to meanwhile', async () => {
    const [member, second] = [await join('Member', 'annotator'), await join('Second owner', 'owner')]
    const [, removal] = await Promise.all([
      owner.send('PATCH', `/projects/${project}/members/${second.account}`, { role: 'annotator' }),
      second.refusal('DELETE', `/projects/${project}/members/${member.account}`),
    ])
    expect((await actsOf()).slice(-1)).toEqual(['member.role'])
    expect(await member.refusal('GET', `/projects/${project}`)).toBe(removal === 204 ? 'not_found' : 200)
  })

  test('a one-time link dies with the membership, and with the owner’s role', async () => {
    const [member, second] = [await join('Member', 'annotator'), await join('Second owner', 'owner')]
    const at = `/projects/${project}/members/${member.account}`
    const [one, two] = [await link(second, at), await link(owner, at)]
    await owner.send('PATCH', `/projects/${project}/members/${second.account}`, { role: 'reviewer' })
    expect(await app.stranger.refusal('POST', '/tickets/use', { token: one.url.split('#')[1] })).toBe('link_used')
    await owner.send('DELETE', at)
    expect(await app.stranger.refusal('POST', '/tickets/use', { token: two.url.split('#')[1] })).toBe('link_used')
  })

  test('who come in at the same moment all come in, under pseudonyms of their own, and pages hear of it', async () => {
    const people = await Promise.all(['A', 'B', 'C', 'D', 'E'].map((name) => app.person(name)))
    const tokens = await Promise.all(
      people.map(async () => {
        const { url } = await owner.send<{ url: string }>('POST', `/projects/${project}/invitations`, {
          role: 'viewer',
        })
        return url.split('#')[1]
      }),
    )
    await Promise.all(people.map((person, i) => person.send('POST', '/tickets/use', { token: tokens[i] })))
    const { members } = await owner.get<{ members: { pseudonym: string }[] }>(`/projects/${project}/members`)
    expect(members.map(({ pseudonym }) => pseudonym).sort()).toEqual(['A1', 'A2', 'A3', 'A4', 'A5', 'A6'])
    const facts = await factsAfter(app.services.db, projectScope(project), 0)
    expect(facts.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => 'members'))
  })
})

describe('a label set', () => {
  test('is saved as the next revision, and refused over one that came between', async () => {
    const { no, set } = await labels()
    expect(await owner.send('PUT', `/projects/${project}/labels`, { base: no, set })).toEqual({ no: no + 1 })
    expect(await owner.refusal('PUT', `/projects/${project}/labels`, { base: no, set })).toBe('label_set_moved')
  })

  test('names the label that has the key already, and changes nothing', async () => {
    const { no, set } = await labels()
    const clash = {
      ...set,
      labels: set.labels.map((label) => (label.id === 'org' ? { ...label, key: 'KeyA' } : label)),
    }
    const response = await owner.request('PUT', `/projects/${project}/labels`, { base: no, set: clash })
    expect(response.status).toBe(409)
    const refusal = (await response.json()) as { code: string; details: object; data: object[] }
    expect(refusal.code).toBe('label_key_taken')
    expect(refusal.details).toMatchObject({ other: 'PER', code: 'ORG', key: 'KeyA' })
    expect((await labels()).no).toBe(no)
  })

  test('keeps the type of an attribute, even of one that was dropped and comes back', async () => {
    const { no, set } = await labels()
    const extra = { id: 'note', code: 'note', name: { en: 'Note', ru: '', kk: '' }, type: 'text', labels: [] }
    await owner.send('PUT', `/projects/${project}/labels`, {
      base: no,
      set: { ...set, attributes: [...set.attributes, extra] },
    })
    await owner.send('PUT', `/projects/${project}/labels`, { base: no + 1, set })
    const back = { ...set, attributes: [...set.attributes, { ...extra, type: 'number' }] }
    expect(await owner.refusal('PUT', `/projects/${project}/labels`, { base: no + 2, set: back })).toBe(
      'attribute_type_fixed',
    )
  })
})

describe('another quorum', () => {
  const TEXT = 'Aset Darya Serik'
  const aset: Content = { kind: 'span', ranges: [[0, 4]], label: 'per', attributes: [] }
  const settings = (quorum: number) =>
    owner.send('PATCH', `/projects/${project}`, { settings: { quorum, ownApproval: true, languages: ['en'] } })
  const gold = async () =>
    (
      await app.services.db
        .selectFrom('gold')
        .select('layer')
        .where('project', '=', project)
        .where('to_cut', 'is', null)
        .execute()
    ).length
  const left = () => refreshedTo(app.services.db, project)
  const ownAccount = () => ({ id: owner.account, name: 'Owner', email: null, colour: 1, within: null })

  /** Three articles with an approved span each. Answers their ids. */
  async function approveThree(): Promise<string[]> {
    const ctx = { services: app.services, account: ownAccount() }
    const about = {
      title: 'T',
      language: 'en',
      date: null,
      group: null,
      source: null,
      licence: null,
      meta: {},
    } as const
    const draft = { ...about, externalId: null, text: TEXT }
    const articles = await importArticles(ctx, project, [draft, draft, draft])
    for (const article of articles)
      await owner.send('POST', `/articles/${article}/missed`, { id: newId(), content: aset })
    return articles
  }

  test('lets gold follow in all articles, and says so', async () => {
    const articles = await approveThree()
    expect(await gold()).toBe(3)
    await settings(2)
    expect([await gold(), await left()]).toEqual([0, null])
    // some may be told before all of them have followed
    const lastTold = async (article: string) => {
      const facts = await factsAfter(app.services.db, projectScope(project), 0)
      const counts = facts.flatMap(({ kind, payload }) => (kind === 'counts' ? [payload as { article: string }] : []))
      return counts.findLast((one) => one.article === article)
    }
    for (const article of articles)
      await expect.poll(() => lastTold(article)).toMatchObject({ annotated: 1, waiting: 1, approved: 0 })
    await settings(1)
    expect(await gold()).toBe(3)
  })

  test('that a crash cut short is taken up from where it came to', async () => {
    await approveThree()
    const dying = dyingAfter(app.services, 1)
    const act = changeSettings({ services: dying, account: ownAccount() }, project, {
      settings: { quorum: 2, ownApproval: true, lockApproved: false, languages: ['en'] },
    })
    await expect(act).rejects.toThrow('the process is gone')
    expect(await gold()).toBe(2)
    expect(await left()).not.toBeNull()
    await resumeRefreshes(app.services)
    expect([await gold(), await left()]).toEqual([0, null])
  })

  test('asks nothing of gold when only other settings change', async () => {
    await approveThree()
    await changeSettings({ services: dyingAfter(app.services, 0), account: ownAccount() }, project, {
      settings: { quorum: 1, ownApproval: true, lockApproved: true, languages: ['ru'] },
    })
    expect([await gold(), await left()]).toEqual([3, null])
    const { settings } = await owner.get<{ settings: { lockApproved: boolean } }>(`/projects/${project}`)
    expect(settings.lockApproved).toBe(true)
  })
})

/** Services whose process dies once so many layers were refreshed: the settings themselves are one transaction more. */
function dyingAfter(services: Services, layers: number): Services {
  let left = layers + 1
  const db = new Proxy(services.db, {
    get(target, name) {
      if (name === 'transaction' && left-- === 0) throw new Error('the process is gone')
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
  })
  return { ...services, db }
}
