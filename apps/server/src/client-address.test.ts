import { expect, test } from 'vitest'
import { clientAddress } from './client-address.ts'
import { readLimits } from './limit-settings.ts'

const of = (remoteAddress: string | undefined, forwarded: string | undefined, TRUSTED_PROXY?: string) =>
  clientAddress(
    { socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } },
    readLimits({ TRUSTED_PROXY }).trustedProxies,
  )

test.each<[peer: string | undefined, forwarded: string | undefined, trusted: string | undefined, counts: string]>([
  // nobody but a named proxy is believed
  ['203.0.113.9', undefined, undefined, '203.0.113.9'],
  ['203.0.113.9', '198.51.100.1', undefined, '203.0.113.9'],
  ['10.0.0.5', '198.51.100.1', undefined, '10.0.0.5'],
  ['127.0.0.1', '198.51.100.1', undefined, '198.51.100.1'],
  ['127.8.9.1', '198.51.100.1', undefined, '198.51.100.1'],
  ['::1', '198.51.100.1', undefined, '198.51.100.1'],
  ['::ffff:127.0.0.1', '198.51.100.1', undefined, '198.51.100.1'],
  ['::ffff:203.0.113.9', undefined, undefined, '203.0.113.9'],
  ['127.0.0.1', '198.51.100.1', 'none', '127.0.0.1'],
  ['127.0.0.1', '198.51.100.1', '10.0.0.5', '127.0.0.1'],
  ['10.0.0.5', '198.51.100.1', '10.0.0.5', '198.51.100.1'],
  ['10.0.0.5', '198.51.100.1', '192.168.0.0/16, 10.0.0.0/30', '10.0.0.5'],
  ['10.0.0.5', '198.51.100.1', '192.168.0.0/16, 10.0.0.0/29', '198.51.100.1'],
  ['fd00::7', '198.51.100.1', 'fd00::/8', '198.51.100.1'],
  // the rightmost that is no proxy
  ['127.0.0.1', '9.9.9.9, 198.51.100.1', undefined, '198.51.100.1'],
  ['127.0.0.1', '9.9.9.9, 198.51.100.1, 10.0.0.5', '127.0.0.1,10.0.0.0/8', '198.51.100.1'],
  ['127.0.0.1', '10.0.0.7', '127.0.0.1,10.0.0.0/8', '10.0.0.7'],
  // nonsense, and what stands left of it
  ['127.0.0.1', '', undefined, '127.0.0.1'],
  ['127.0.0.1', 'unknown', undefined, '127.0.0.1'],
  ['127.0.0.1', '9.9.9.9, unknown', undefined, '127.0.0.1'],
  ['127.0.0.1', 'unknown, 198.51.100.1', undefined, '198.51.100.1'],
  ['127.0.0.1', '127.1', undefined, '127.0.0.1'],
  ['127.0.0.1', '0x7f.0.0.1', undefined, '127.0.0.1'],
  ['127.0.0.1', '999.1.1.1', undefined, '127.0.0.1'],
  ['127.0.0.1', "'; drop table account; --", undefined, '127.0.0.1'],
  ['127.0.0.1', ','.repeat(5000), undefined, '127.0.0.1'],
  ['127.0.0.1', '1'.repeat(10_000), undefined, '127.0.0.1'],
  // as some proxies write it
  ['127.0.0.1', '198.51.100.1:4711', undefined, '198.51.100.1'],
  ['127.0.0.1', '[2001:db8:1:2::3]:4711', undefined, '2001:db8:1:2::/64'],
  // IPv6 by its /64
  ['2001:db8:1:2::3', undefined, undefined, '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2:9:8:7:6', undefined, undefined, '2001:db8:1:2::/64'],
  ['fe80::1%eth0', undefined, undefined, 'fe80:0:0:0::/64'],
  // a socket that is closed already
  [undefined, undefined, undefined, 'unknown'],
  [undefined, '198.51.100.1', undefined, 'unknown'],
])('a request from %s, forwarded for %s, with %s trusted counts for %s', (peer, forwarded, trusted, counts) => {
  expect(of(peer, forwarded, trusted)).toBe(counts)
})
