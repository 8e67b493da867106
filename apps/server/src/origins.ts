import { isLoopback } from './env.ts'

/**
 * From where this server may be spoken to. With a public URL: that host and that origin alone. Without:
 * loopback names on any port (links are made with the one that is listened on), each only from a page of its own origin, so that DNS rebinding finds a closed door.
 */
export interface Origins {
  /** The origin that links are made with. */
  readonly url: string
  readonly secure: boolean
  hostAllowed(host: string | undefined): boolean
  /** For unsafe methods and upgrades: a missing or "null" origin is refused. */
  originAllowed(origin: string | undefined, host: string | undefined): boolean
}

export function originsOf(publicUrl: string | null, port: number, host = '127.0.0.1'): Origins {
  if (publicUrl !== null) {
    const { host: own, origin: url } = new URL(publicUrl)
    return {
      url,
      secure: url.startsWith('https:'),
      hostAllowed: (asked) => asked === own,
      originAllowed: (origin, asked) => origin === url && asked === own,
    }
  }
  const hostAllowed = (asked: string | undefined) => asked !== undefined && isLoopback(hostname(asked))
  return {
    url: originAt(host, port),
    secure: false,
    hostAllowed,
    originAllowed: (origin, asked) => hostAllowed(asked) && origin === `http://${asked}`,
  }
}

/** The origin of an address that is listened on, as browsers write it: no port 80, brackets around IPv6. */
export const originAt = (host: string, port: number): string =>
  new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`).origin

const hostname = (host: string) => host.replace(/:\d+$/, '')
