import { createHash } from 'node:crypto'
import { Problem } from '@tamga/model'
import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'
import { clientAddress, type AddressedRequest } from './client-address.ts'
import { defaultLimits, type LimitSettings } from './limit-settings.ts'

interface Window {
  /** The word that keeps this limit's keys apart from others' in one Redis. */
  readonly name: string
  readonly points: number
  readonly seconds: number
}

/** Counts acts by key in windows of fixed length; keys are forgotten with their window. */
class WindowLimit implements Limit {
  readonly #limiter: RateLimiterAbstract

  constructor({ name, points, seconds }: Window, redis: SharedCounts | null) {
    const options = { points, duration: seconds, keyPrefix: name }
    const memory = new RateLimiterMemory(options)
    this.#limiter = redis
      ? new RateLimiterRedis({
          ...{ ...options, keyPrefix: `${redis.namespace}:limit:${name}` },
          storeClient: redis.client,
          // while Redis is away each process counts for itself
          insuranceLimiter: memory,
          rejectIfRedisNotReady: true,
        })
      : memory
  }

  async take(key: string): Promise<TakeBack> {
    try {
      await this.#limiter.consume(short(key))
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      throw new Problem('rate_limited', { seconds: Math.max(1, Math.ceil(error.msBeforeNext / 1000)) })
    }
    return () => this.#limiter.reward(short(key))
  }
}

/** Takes an act back that turned out not to count. */
type TakeBack = () => Promise<unknown>

/** Counts acts by key. */
export interface Limit {
  /** Counts one act. Throws `rate_limited`, with the seconds to wait, when there were too many within the window. */
  take(key: string): Promise<TakeBack>
}

/** A limit beyond which acts are let through one by one, with pauses, so that nobody can use it up for others for long. */
const paced = (limit: Limit, pace: Limit): Limit => ({
  take: (key) =>
    limit.take(key).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error
      return pace.take(key)
    }),
})

/** Whatever a client chose as a key has a bounded length, and is not kept in clear. */
const short = (key: string): string => createHash('sha256').update(key).digest('base64url').slice(0, 24)

/** Where the processes of one installation count together. */
export interface SharedCounts {
  readonly client: Redis
  readonly namespace: string
}

const MINUTE = 60

/** Every limit on what is asked without a session. */
export function openRateLimits(settings: LimitSettings = defaultLimits, redis: SharedCounts | null = null) {
  const limit = (name: string, points: number, seconds: number): Limit =>
    new WindowLimit({ name, points, seconds }, redis)
  return {
    settings,
    /** What a request counts for. */
    addressOf: (request: AddressedRequest) => clientAddress(request, settings.trustedProxies),
    /** Requests and upgrades without a session, by address. */
    requests: limit('requests', settings.requestsPerMinute, MINUTE),
    /** Cookies of the release before, which need a query each, by address. */
    plainCookies: limit('plain', settings.plainCookiesPerSecond, 1),
    /** Wrong passwords for one account from one address. */
    guesses: limit('guesses', settings.signInFailures, 5 * MINUTE),
    /** Wrong passwords for one account in a browser that was signed in to it before. */
    knownBrowserGuesses: limit('known', settings.signInFailures, 5 * MINUTE),
    /** Wrong passwords for one account from all unknown browsers. */
    accountGuesses: paced(
      limit('account', settings.signInFailuresPerAccount, 60 * MINUTE),
      limit('paced', 1, settings.signInPaceSeconds),
    ),
    /** Wrong passwords and links from one address, for whatever account. */
    addressGuesses: limit('address', settings.signInFailuresPerAddress, 15 * MINUTE),
    /** Failures with one link. */
    links: limit('links', settings.signInFailures, 5 * MINUTE),
    /** Wrong passwords given by a person who is signed in. */
    changes: limit('changes', settings.signInFailures, 5 * MINUTE),
  } as const
}

export type RateLimits = ReturnType<typeof openRateLimits>

type Count = readonly [limit: Limit, key: string]

/**
 * Runs an act that may turn out to be a failed guess. It counts while it runs, so that many at once are no way around the
 * limits, and afterwards only if it throws what `isFailure` names. Throws `rate_limited` before it runs, or what it throws.
 */
export async function countFailures<T>(
  counts: readonly Count[],
  isFailure: (error: unknown) => boolean,
  act: () => Promise<T>,
): Promise<T> {
  const taken: TakeBack[] = []
  const takeBack = () => Promise.all(taken.map((act) => act()))
  try {
    for (const [limit, key] of counts) taken.push(await limit.take(key))
    const done = await act()
    await takeBack()
    return done
  } catch (error) {
    if (!isFailure(error)) await takeBack()
    throw error
  }
}
