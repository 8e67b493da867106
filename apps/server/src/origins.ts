import { isLoopback } from './env.ts'

/**
 * From where this server may be spoken to. With a public URL: that host and that origin alone. Without:
 * loopback names on any port, each only from a page of its own origin, so that DNS rebinding finds a closed door.
 */
export interface Origins {
  /** The origin that links are made with. */
  readonly url: string
  readonly secure: boolean
  hostAllowed(host: string | undefined): boolean
  /** For unsafe methods and upgrades: a missing or "null" origin is refused. */
  originAllowed(origin: string | undefined, host: string | undefined): boolean
}

export function originsOf(publicUrl: string | null, port: number): Origins {
  if (publicUrl !== null) {
    const { host } = new URL(publicUrl)
    return {
      url: publicUrl,
      secure: publicUrl.startsWith('https:'),
      hostAllowed: (asked) => asked === host,
      originAllowed: (origin, asked) => origin === publicUrl && asked === host,
    }
  }
  const hostAllowed = (asked: string | undefined) => asked !== undefined && isLoopback(hostname(asked))
  return {
    url: `http://127.0.0.1:${port}`,
    secure: false,
    hostAllowed,
    originAllowed: (origin, asked) => hostAllowed(asked) && origin === `http://${asked}`,
  }
}

const hostname = (host: string) => host.replace(/:\d+$/, '')
