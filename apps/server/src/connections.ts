import type { Context } from 'hono'
import type { AddressedRequest } from './client-address.ts'

/** Sockets on which a session was shown: a quiet one is somebody who reads. */
const proven = new WeakSet<object>()

/** From now on this socket is not ended for being quiet, and does not count for its address. */
export const proveSession = (socket: object): void => void proven.add(socket)

/** A proxy sends another client's request by the same socket: what the one before has shown is not that client's. */
export const forgetSession = (socket: object): void => void proven.delete(socket)

export const isProven = (socket: object): boolean => proven.has(socket)

/** Node's request below one of Hono's; in tests that have no socket, as much of it as they give. */
export function requestOf(c: Context): AddressedRequest {
  const { incoming } = (c.env ?? {}) as { incoming?: Partial<AddressedRequest> }
  return { headers: { 'x-forwarded-for': c.req.header('x-forwarded-for') }, socket: incoming?.socket ?? {} }
}
