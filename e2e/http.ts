import { request, type IncomingHttpHeaders } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A request as anybody may send it, with headers that a browser would not let a page choose. */
export interface Asked {
  readonly cookie?: string
  /** Sent as JSON, a string as it is. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Sends one request. Origin is the server's own unless told otherwise ('' sends none). */
export function ask(url: string, method: string, path: string, { cookie, body, headers }: Asked = {}): Promise<Answer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const all: Record<string, string> = { origin: url, 'content-type': 'application/json', ...headers }
  if (cookie) all.cookie = cookie
  if (text !== undefined) all['content-length'] = String(Buffer.byteLength(text))
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  return new Promise((resolve, reject) => {
    // a connection of its own: one that was kept may be closed by the server just then
    const asking = request(`${url}${path}`, { method, headers: sent, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    asking.on('error', reject)
    asking.end(text)
  })
}

/** One person at the API: a cookie that goes along with each request. */
export class Caller {
  readonly url: string
  readonly cookie: string

  constructor(url: string, cookie: string) {
    this.url = url
    this.cookie = cookie
  }

  ask(method: string, path: string, body?: unknown): Promise<Answer> {
    return ask(this.url, method, `/api${path}`, { cookie: this.cookie, body })
  }

  /** The answer's body; throws what was refused. */
  async do<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.ask(method, path, body)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
    return (text === '' ? null : JSON.parse(text)) as T
  }

  get<T>(path: string): Promise<T> {
    return this.do<T>('GET', path)
  }
}

/** Signs one of the demo team in. */
export async function callerOf(url: string, name: string): Promise<Caller> {
  const { demo } = await new Caller(url, '').get<{ demo: { person: string; name: string }[] }>('/session')
  const { person } = demo.find((one) => one.name === name)!
  return signedIn(url, await ask(url, 'POST', '/api/session/demo', { body: { person } }))
}

/** Makes a new person by a link (of an invitation or for the first owner). */
export async function callerByLink(url: string, link: string, name: string): Promise<Caller> {
  const email = `${crypto.randomUUID()}@example.org`
  const body = { token: link.split('#')[1]!, person: { name, email, password: 'a long password' } }
  return signedIn(url, await ask(url, 'POST', '/api/tickets/use', { body }))
}

function signedIn(url: string, { status, headers, text }: Answer): Caller {
  const cookie = headers['set-cookie']?.[0]?.split(';')[0]
  if (status !== 200 || !cookie) throw new Error(`not signed in: ${status} ${text}`)
  return new Caller(url, cookie)
}
