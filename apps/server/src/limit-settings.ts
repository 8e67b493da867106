import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

interface NumberSetting {
  readonly default: number
  readonly least: number
  readonly most: number
  readonly isWhole: boolean
}

const seconds = (value: number): NumberSetting => ({ default: value, least: 0.05, most: 3600, isWhole: false })
const count = (value: number, most = 10_000_000): NumberSetting => ({ default: value, least: 1, most, isWhole: true })

/** The limits that can be set, each by the environment variable of its name. What they mean stands in usage.txt. */
export const limitVariables = {
  HEADER_TIMEOUT: seconds(10),
  BODY_TIMEOUT: seconds(30),
  IDLE_TIMEOUT: seconds(60),
  CONNECTIONS_PER_ADDRESS: count(1000),
  REQUESTS_PER_MINUTE: count(20_000),
  SIGN_IN_FAILURES: count(10),
  SIGN_IN_FAILURES_PER_ACCOUNT: count(30),
  SIGN_IN_FAILURES_PER_ADDRESS: count(600),
  SIGN_IN_PACE: seconds(15),
  PASSWORD_CHECKS: count(2, 64),
} as const satisfies Record<string, NumberSetting>

type Variable = keyof typeof limitVariables

/** What one address, account or connection may do before it shows a session. Times in milliseconds where named so. */
export interface LimitSettings {
  readonly headerMs: number
  readonly bodyMs: number
  readonly idleMs: number
  readonly connectionsPerAddress: number
  readonly requestsPerMinute: number
  readonly plainCookiesPerSecond: number
  readonly signInFailures: number
  readonly signInFailuresPerAccount: number
  readonly signInFailuresPerAddress: number
  readonly signInPaceSeconds: number
  readonly passwordChecks: number
  /** The proxies whose word on a client's address is believed. */
  readonly trustedProxies: BlockList
}

/** Cookies of the release before are looked up so often; not a setting, since they end by themselves. */
const PLAIN_COOKIES_PER_SECOND = 10

const numberOf = (name: Variable) => {
  const { least, most, isWhole } = limitVariables[name]
  const accepted = `${name} takes ${isWhole ? 'a whole number' : 'seconds'} from ${least} to ${most}`
  const text = z.string().regex(/^\d{1,9}(\.\d{1,3})?$/, { error: accepted, abort: true })
  return text.transform(Number).refine((value) => value >= least && value <= most && (!isWhole || value % 1 === 0), {
    error: accepted,
  })
}

const PROXIES =
  'TRUSTED_PROXY takes addresses or ranges, separated by commas, such as 10.0.0.5, 192.168.0.0/16, fd00::/8; or "none"'

const LOOPBACK = '127.0.0.0/8,::1'

const schema = z.object({
  ...(Object.fromEntries(
    Object.entries(limitVariables).map(([name, { default: value }]) => [
      name,
      numberOf(name as Variable).default(value),
    ]),
  ) as unknown as Record<Variable, z.ZodType<number>>),
  TRUSTED_PROXY: z
    .string()
    .default(LOOPBACK)
    .transform((value, context) => {
      const proxies = proxiesOf(value)
      if (proxies) return proxies
      context.addIssue(PROXIES)
      return z.NEVER
    }),
})

/**
 * The limits that an environment sets; a variable that is empty or not set has its default. Throws an Error whose message
 * names the variable, what it takes, and what was found.
 */
export function readLimits(env: Readonly<Record<string, string | undefined>>): LimitSettings {
  const names = [...Object.keys(limitVariables), 'TRUSTED_PROXY']
  const given = Object.fromEntries(names.flatMap((name) => (env[name]?.trim() ? [[name, env[name].trim()]] : [])))
  const read = schema.safeParse(given)
  if (!read.success) {
    const { path, message } = read.error.issues[0]!
    throw new Error(`${message}, not "${String(given[String(path[0])]).slice(0, 100)}"`)
  }
  const values = read.data
  return {
    headerMs: values.HEADER_TIMEOUT * 1000,
    bodyMs: values.BODY_TIMEOUT * 1000,
    idleMs: values.IDLE_TIMEOUT * 1000,
    connectionsPerAddress: values.CONNECTIONS_PER_ADDRESS,
    requestsPerMinute: values.REQUESTS_PER_MINUTE,
    plainCookiesPerSecond: PLAIN_COOKIES_PER_SECOND,
    signInFailures: values.SIGN_IN_FAILURES,
    signInFailuresPerAccount: values.SIGN_IN_FAILURES_PER_ACCOUNT,
    signInFailuresPerAddress: values.SIGN_IN_FAILURES_PER_ADDRESS,
    signInPaceSeconds: values.SIGN_IN_PACE,
    passwordChecks: values.PASSWORD_CHECKS,
    trustedProxies: values.TRUSTED_PROXY,
  }
}

/** The list of addresses and ranges that a text names, or null if a part of it is neither. */
function proxiesOf(text: string): BlockList | null {
  const list = new BlockList()
  if (text === 'none') return list
  for (const part of text.split(',').map((each) => each.trim())) {
    const [address, bits, more] = part.split('/')
    const version = isIP(address!)
    if (version === 0 || address!.includes('%') || more !== undefined) return null
    const family = version === 4 ? 'ipv4' : 'ipv6'
    const most = version === 4 ? 32 : 128
    if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)) return null
    list.addSubnet(address!, bits === undefined ? most : Number(bits), family)
  }
  return list
}

export const defaultLimits = readLimits({})
