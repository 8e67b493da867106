import { randomBytes } from 'node:crypto'
import type { Signer } from './signature.ts'

/**
 * Browsers that were signed in to an account before. Each keeps, beside its session and beyond it, a signed cookie that
 * names the account's hash and the browser: guesses from elsewhere cannot lock it out, since it has a count of its own.
 */
export interface KnownBrowsers {
  /** The key under which the guesses of a browser at an account are counted; null for an unknown browser. */
  keyOf(cookieHeader: string | undefined, account: string): Promise<string | null>
  /** The Set-Cookie value that makes a browser known for an account, beside what it is known for already. */
  remember(cookieHeader: string | undefined, account: string): Promise<string>
}

/** Accounts that one browser is known for, the last ones that signed in. */
const MOST_ACCOUNTS = 4
/** As long as browsers keep a cookie at most. */
const LIFE_SECONDS = 400 * 24 * 60 * 60

export function openKnownBrowsers(signer: () => Promise<Signer>, { secure, port }: { secure: boolean; port: number }) {
  const name = secure ? '__Host-tamga-known' : `tamga_known_${port}`
  const ours = new RegExp(`(?:^|;) *${name}=([\\w.~-]{1,${MOST_ACCOUNTS * 100}})(?=;|$)`)
  const hashOf = async (account: string) => (await signer()).sign('account', account).slice(0, 22)
  /** What this installation signed of what the cookie says. */
  const read = async (cookieHeader: string | undefined) => {
    const signatures = await signer()
    const entries = (ours.exec(cookieHeader ?? '')?.[1] ?? '').split('~').slice(0, MOST_ACCOUNTS)
    return entries.flatMap((entry) => {
      const [account = '', browser = '', signature = ''] = entry.split('.')
      return signatures.isSigned('browser', `${account}.${browser}`, signature) ? [{ account, entry }] : []
    })
  }
  return {
    async keyOf(cookieHeader, account) {
      const known = await read(cookieHeader)
      if (known.length === 0) return null
      const hash = await hashOf(account)
      return known.find((one) => one.account === hash)?.entry ?? null
    },
    async remember(cookieHeader, account) {
      const hash = await hashOf(account)
      const known = await read(cookieHeader)
      const browser = `${hash}.${randomBytes(12).toString('base64url')}`
      const entry = `${browser}.${(await signer()).sign('browser', browser)}`
      const mine = known.find((one) => one.account === hash) ?? { account: hash, entry }
      const kept = [mine, ...known.filter((one) => one !== mine)].slice(0, MOST_ACCOUNTS)
      const value = kept.map((one) => one.entry).join('~')
      return `${name}=${value}; Path=/; Max-Age=${LIFE_SECONDS}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
    },
  } satisfies KnownBrowsers
}
