import {
  above,
  cleanName,
  nameFault,
  nameKey,
  nameLimits,
  Problem,
  shownName,
  type NameFault,
  type Role,
} from '@tamga/model'
import { slug } from '@tamga/language'
import { recordAll } from '../audit.ts'
import { requireRole, requireWholeSession, type Ctx } from '../auth/guard.ts'
import { insertAccounts, insertTickets, revokeMemberLinks, signInNamesLike } from '../auth/store.ts'
import { memberLink, type LinkDays } from '../auth/tickets.ts'
import { transact } from '../db/transact.ts'
import { projectScope, state } from '../facts.ts'
import { newId } from '../services.ts'
import { insertMembers, lockMembers, lockProject, membersOf } from './store.ts'

/** So many accounts are made at once, and so many slips. */
export const MOST_ACCOUNTS = 200
/** A sign-in name made from a name has at most so many characters before its number. */
const LONGEST_BASE = 30

/** What an owner hands to somebody without an e-mail: it is told once. */
export interface Slip {
  readonly account: string
  readonly name: string
  readonly signInName: string | null
  readonly code: string
  readonly url: string
  readonly expiresAt: string
}

/** Why a line of a pasted list makes no account; lines count from 1. */
export interface RefusedLine {
  readonly line: number
  readonly name: string
  readonly code: NameFault['code'] | 'name_twice' | 'name_member'
  readonly details: Readonly<Record<string, string | number>>
}

/** The names of a pasted list, one a line. Throws `names_many`, `name_empty`, or `names_refused` with the lines. */
export function readNames(list: string, members: readonly string[]): string[] {
  const lines = list.split(/\r\n|[\r\n\u2028\u2029]/).map((text, i) => ({ line: i + 1, name: cleanName(text) }))
  const named = lines.filter(({ name }) => name !== '')
  if (named.length === 0) throw new Problem('name_empty')
  if (named.length > MOST_ACCOUNTS) throw new Problem('names_many', { most: MOST_ACCOUNTS })
  const inside = new Set(members.map(nameKey))
  const seen = new Map<string, number>()
  const refused: RefusedLine[] = []
  for (const { line, name } of named) {
    const fault = nameFault(name, nameLimits.person)
    const key = nameKey(name)
    const first = seen.get(key)
    seen.set(key, first ?? line)
    const shown = shownName(name).slice(0, nameLimits.person)
    if (fault) refused.push({ line, name: shown, code: fault.code, details: fault.details })
    else if (first !== undefined) refused.push({ line, name: shown, code: 'name_twice', details: { first } })
    else if (inside.has(key)) refused.push({ line, name: shown, code: 'name_member', details: {} })
  }
  if (refused.length > 0) throw new Problem('names_refused', { n: refused.length, line: refused[0]!.line }, refused)
  return named.map(({ name }) => name)
}

/**
 * Makes an account and a membership for each name of a list, with a slip for each: all or none. Throws what `readNames`
 * throws, and `role_above_yours`. At most 200 rows a statement, whatever the list holds.
 */
export async function makeAccounts(
  ctx: Ctx,
  project: string,
  { names: list, role, days }: { names: string; role: Role; days: LinkDays },
): Promise<Slip[]> {
  const { services } = ctx
  const own = await requireRole(ctx, project, 'manageMembers')
  await requireWholeSession(ctx)
  if (above(role, own)) throw new Problem('role_above_yours', { role: own })
  return retryTaken(() =>
    transact(services, async (trx) => {
      // one after the other, so that no two get the same pseudonym
      await lockProject(trx, project)
      const members = await membersOf(trx, project)
      const present = members.filter(({ left_at }) => left_at === null)
      if (!present.some((one) => one.account === ctx.account.id && one.role === 'owner')) throw new Problem('not_found')
      const names = readNames(
        list,
        present.map(({ name }) => name),
      )
      const signInNames = await freeNames(names, (bases) => signInNamesLike(trx, bases))
      const people = names.map((name, i) => ({ id: newId(), name, signInName: signInNames[i]! }))
      const links = people.map(({ id }) => memberLink(services, { project, account: id, by: ctx.account.id, days }))
      await insertAccounts(
        trx,
        people.map(({ id, name, signInName }) => ({ id, name, sign_in_name: signInName })),
      )
      await insertMembers(
        trx,
        people.map(({ id }, i) => ({
          ...{ project, account: id, role, pseudonym: `A${members.length + i + 1}` },
        })),
      )
      await insertTickets(
        trx,
        links.map(({ row }) => row),
      )
      await recordAll(
        trx,
        people.map(({ id, signInName }) => ({
          ...{ project, account: ctx.account.id, act: 'account.made', subject: id },
          after: { role, days, signInName },
        })),
      )
      await state(trx, projectScope(project), [{ kind: 'members', payload: {} }])
      return people.map((person, i) => slipOf({ account: person.id, ...person }, links[i]!))
    }),
  ).finally(() => services.notifier.notify())
}

/**
 * New slips for members; links that owners of this project made for them before and that were not used are revoked. Throws
 * `member_gone` if one is none any more.
 */
export async function makeSlips(
  ctx: Ctx,
  project: string,
  { accounts, days }: { accounts: readonly string[]; days: LinkDays },
): Promise<Slip[]> {
  const { services } = ctx
  await requireRole(ctx, project, 'manageMembers')
  await requireWholeSession(ctx)
  return transact(services, async (trx) => {
    const locked = new Set(
      (await lockMembers(trx, project)).flatMap((one) => (one.left_at === null ? [one.account] : [])),
    )
    const asked = [...new Set(accounts)]
    if (!asked.every((account) => locked.has(account))) throw new Problem('member_gone')
    const people = (await membersOf(trx, project)).filter(({ account }) => asked.includes(account))
    const links = people.map(({ account }) => memberLink(services, { project, account, by: ctx.account.id, days }))
    await revokeMemberLinks(trx, project, asked, services.now())
    await insertTickets(
      trx,
      links.map(({ row }) => row),
    )
    await recordAll(
      trx,
      people.map(({ account }, i) => ({
        ...{ project, account: ctx.account.id, act: 'member.link', subject: account },
        after: { link: links[i]!.row.id, days },
      })),
    )
    return people.map(({ account, name, sign_in_name: signInName }, i) =>
      slipOf({ account, name, signInName }, links[i]!),
    )
  })
}

const slipOf = (
  { account, name, signInName }: Pick<Slip, 'account' | 'name' | 'signInName'>,
  { code, url, row }: ReturnType<typeof memberLink>,
): Slip => ({ account, name: shownName(name), signInName, code, url, expiresAt: row.expires_at.toISOString() })

/**
 * A sign-in name for each name that nobody has: its letters in Latin, then a number if that is taken.
 * `Айгүл Сатыбалды` becomes `aygul.satybaldy`, the second `aygul.satybaldy2`.
 */
export async function freeNames(
  names: readonly string[],
  takenOf: (bases: readonly string[]) => Promise<readonly string[]>,
): Promise<string[]> {
  const bases = names.map(baseOf)
  const taken = new Set(await takenOf([...new Set(bases)]))
  return bases.map((base) => {
    let free = base
    for (let n = 2; taken.has(free); n++) free = `${base}${n}`
    taken.add(free)
    return free
  })
}

/** Never ends in a digit, so that numbers behind it are all of one base. */
function baseOf(name: string): string {
  const letters = slug(name)
    .slice(0, LONGEST_BASE)
    .replaceAll('-', '.')
    .replace(/[.\d]+$/, '')
  // nothing of the name can be written in Latin letters
  return /^[a-z]/.test(letters) && slug(name) !== 'untitled' ? letters : 'person'
}

const ATTEMPTS = 3

/** Tries again where another owner took one of the sign-in names in the same moment. */
async function retryTaken<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if ((error as { constraint?: unknown }).constraint !== 'account_sign_in_name_key') throw error
      if (attempt === ATTEMPTS) throw new Problem('busy')
    }
  }
}
