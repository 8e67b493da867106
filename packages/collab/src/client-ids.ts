/** The largest client id that a page draws: Yjs draws 32 random bits. Those above are the server's. */
export const MAX_CLIENT = 2 ** 32 - 1

/** In documents of an earlier release the server wrote as this client, corrections and all else. */
const EARLIER_SERVER = 1
/** Ids below were the server's then, one for the base of each epoch. No page may use one. */
const EARLIER_SERVERS = 1024

/** True for ids under which only the server writes: no page may write in its name. */
export const isServerClient = (client: number): boolean => client < EARLIER_SERVERS || client > MAX_CLIENT

/**
 * True for ids under which the server puts right what pages wrote: such an item overrules no write that had not seen it,
 * since it stands for what was accepted before.
 */
export const isCorrectionClient = (client: number): boolean =>
  client === EARLIER_SERVER || (client > MAX_CLIENT && client % 2 === 1)

/** The ids under which one loaded copy of a document writes. */
export interface ServerClients {
  /** For corrections: odd. */
  readonly corrections: number
  /** For writes of the server's own, and for the base of an epoch: even. */
  readonly writes: number
}

/**
 * Two ids from 53 random bits, given as 21 and 32: each copy has its own, so that what one wrote and never committed is
 * never taken for what another wrote.
 */
export function serverClients(high: number, low: number): ServerClients {
  const writes = Math.max(1, high % 2 ** 21) * 2 ** 32 + (((low >>> 1) << 1) >>> 0)
  return { writes, corrections: writes + 1 }
}

/** The id that began the document of a later epoch in an earlier release. */
export const earlierBaseClient = (epoch: number): number => 2 + (epoch % (EARLIER_SERVERS - 2))
