import type { IncomingMessage } from 'node:http'
import { isIP, type BlockList } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Of a request: its headers, and the socket that it came by. */
export type AddressedRequest = Pick<IncomingMessage, 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * The address that a request counts for. `X-Forwarded-For` is believed only if the socket's other side is a trusted proxy;
 * then it is the rightmost address there that is no trusted proxy itself. What stands left of something that is no address
 * is not believed. IPv6 addresses count by their /64, since a single client usually has all of one.
 */
export function clientAddress({ headers, socket }: AddressedRequest, trusted: BlockList): string {
  let nearest = normal(socket.remoteAddress ?? '') ?? socket.remoteAddress ?? 'unknown'
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').reverse()
  for (const entry of forwarded) {
    if (!isTrusted(nearest, trusted)) break
    const address = normal(withoutPort(entry.trim()))
    if (address === null) break
    nearest = address
  }
  return networkOf(nearest)
}

/** The address a socket counts for before anything was asked on it. */
export const socketAddress = (remoteAddress: string | undefined): string =>
  networkOf(normal(remoteAddress ?? '') ?? remoteAddress ?? 'unknown')

/** True if a socket's other side is one of the proxies that are believed. */
export const isTrustedProxy = (remoteAddress: string | undefined, trusted: BlockList): boolean =>
  isTrusted(normal(remoteAddress ?? '') ?? '', trusted)

function isTrusted(address: string, trusted: BlockList): boolean {
  const version = isIP(address)
  return version !== 0 && trusted.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** An address in its one form, IPv4 also where it is written within IPv6; null for what is no address. */
function normal(text: string): string | null {
  // the length is the client's, and no address is longer
  if (text.length > 60 || isIP(text) === 0) return null
  return ipaddr.process(text.replace(/%.*$/, '')).toString()
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
const withoutPort = (entry: string): string =>
  /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1] ?? entry.replace(/^([\d.]+):\d+$/, '$1')

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const groups = (ipaddr.parse(address) as ipaddr.IPv6).parts.slice(0, 4)
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`
}
