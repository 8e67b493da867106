import type { OpenAPIHono } from '@hono/zod-openapi'
import { ownBounds, requestLimits } from '@tamga/model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { createApi } from './app.ts'
import type { Live } from './live/open.ts'
import { openTestApp, ORIGIN, type Browser } from './test-app.ts'

// Every text, list, map and number that a request may hold is found in the schemas of the routes, so that one without a
// bound is found too, whoever adds it.

/** One place of a request whose length or value a client chooses. */
interface Leaf {
  readonly path: readonly (string | number)[]
  readonly kind: 'text' | 'list' | 'number' | 'map' | 'other'
  /** The largest length or value; null if there is none. */
  readonly most: number | null
}

interface Route {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly params: readonly Leaf[]
  readonly query: readonly Leaf[]
  readonly json: readonly Leaf[]
}

type Schema = z.core.$ZodType
/** What zod keeps of a schema, as far as it is read here. */
interface Inner {
  readonly def: {
    readonly type: string
    readonly shape?: Readonly<Record<string, Schema>>
    readonly element?: Schema
    readonly innerType?: Schema
    readonly in?: Schema
    readonly options?: readonly Schema[]
    readonly items?: readonly Schema[]
    readonly keyType?: Schema
    readonly valueType?: Schema
    /** Of texts with a form of their own, such as dates. */
    readonly format?: string
    readonly checks?: readonly { readonly _zod: { readonly def: Check } }[]
  }
}

interface Check {
  readonly check: string
  readonly maximum?: number
  readonly value?: number
}

const checkOf = ({ def }: Inner, check: string): Check | undefined =>
  def.checks?.map(({ _zod }) => _zod.def).find((one) => one.check === check)

const longestOf = (inner: Inner): number | null => checkOf(inner, 'max_length')?.maximum ?? null

const largestOf = (inner: Inner): number | null =>
  checkOf(inner, 'greater_than') ? (checkOf(inner, 'less_than')?.value ?? null) : null

/** Formats that bound a text by themselves. */
const SHORT_FORMATS = new Set(['date'])

function* leavesOf(schema: Schema, path: Leaf['path'] = []): Generator<Leaf, void, void> {
  const inner = (schema as unknown as { _zod: Inner })._zod
  const { def } = inner
  const own = ownBounds.get(schema as never)
  switch (def.type) {
    case 'object':
      for (const [key, value] of Object.entries(def.shape!)) yield* leavesOf(value, [...path, key])
      return
    case 'array':
      yield { path, kind: 'list', most: longestOf(inner) }
      return yield* leavesOf(def.element!, [...path, 0])
    case 'record':
      yield { path, kind: 'map', most: own?.most ?? null }
      return yield* leavesOf(def.valueType!, [...path, 'a'])
    case 'string':
      if (SHORT_FORMATS.has(def.format ?? '')) return
      return yield { path, kind: 'text', most: longestOf(inner) }
    case 'number':
      return yield { path, kind: 'number', most: largestOf(inner) }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
      return yield* leavesOf(def.innerType!, path)
    case 'pipe':
      return yield* leavesOf(def.in!, path)
    case 'union':
      for (const option of def.options!) yield* leavesOf(option, path)
      return
    case 'enum':
    case 'literal':
    case 'boolean':
    case 'null':
      return
    default:
      return yield { path, kind: 'other', most: own?.most ?? null }
  }
}

interface Described {
  readonly method: string
  readonly path: string
  readonly request?: {
    readonly params?: Schema
    readonly query?: Schema
    readonly body?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> }
  }
}

function routesOf(api: OpenAPIHono): Route[] {
  return api.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== 'route') return []
    const { method, path, request } = definition.route as unknown as Described
    const schema = request?.body?.content['application/json']?.schema as Schema | undefined
    return {
      ...{ name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path },
      params: request?.params ? [...leavesOf(request.params)] : [],
      query: request?.query ? [...leavesOf(request.query)] : [],
      json: schema ? [...leavesOf(schema)] : [],
    }
  })
}

const routes = routesOf(createApi({} as Live) as unknown as OpenAPIHono)
const placesOf = ({ params, query, json }: Route) => [...params, ...query, ...json]

test('every route is looked at', () => {
  expect(routes.length).toBeGreaterThan(40)
  for (const { path, params } of routes) expect(params).toHaveLength(path.match(/\{/g)?.length ?? 0)
})

test.each(routes.map((route) => [route.name, route] as const))(
  '%s: all that a client chooses has a bound',
  (_name, route) => {
    const unbounded = placesOf(route).filter(({ most }) => most === null)
    expect(unbounded.map(({ path }) => path.join('/'))).toEqual([])
  },
)

/** A value of so many characters, entries, or of this size. */
function valueOf({ kind }: Leaf, n: number): unknown {
  if (kind === 'text' || kind === 'other') return 'x'.repeat(Math.max(0, kind === 'other' ? n - 2 : n))
  if (kind === 'list') return Array.from({ length: n }, () => null)
  if (kind === 'map') return Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, null]))
  return n
}

const within = (path: Leaf['path'], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value)

describe('at the bound a request is read, one over it is refused by the name of the field, and nothing is changed', () => {
  let app: Awaited<ReturnType<typeof openTestApp>>
  let one: Browser

  beforeAll(async () => {
    app = await openTestApp()
    one = await app.person('Анна')
  })
  afterAll(() => app.close())

  /** How many rows there are that any act leaves behind. */
  async function acts(): Promise<number[]> {
    const { db } = app.services
    const count = async (table: 'audit' | 'fact' | 'project' | 'article' | 'account' | 'member') =>
      Number((await db.selectFrom(table).select(db.fn.countAll().as('n')).executeTakeFirstOrThrow()).n)
    return Promise.all((['audit', 'fact', 'project', 'article', 'account', 'member'] as const).map(count))
  }

  /** Sends a body as it is. */
  const requestText = (path: string, body: string) =>
    app.app.request(`/api${path}`, {
      method: 'POST',
      headers: {
        ...{ host: new URL(ORIGIN).host, origin: ORIGIN, cookie: one.cookie },
        ...{ 'content-type': 'application/json', 'content-length': String(body.length) },
      },
      body,
    })

  const pathOf = (path: string, given: Readonly<Record<string, string>> = {}) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) => given[name] ?? 'nowhere')

  async function refusalOf(response: Response): Promise<{ code?: string; details?: Record<string, unknown> }> {
    const text = await response.text()
    return text.startsWith('{"code"') ? (JSON.parse(text) as { code: string }) : {}
  }

  test.each(routes.map((route) => [route.name, route] as const))('%s', async (_name, route) => {
    const before = await acts()
    const attempt = async (where: 'params' | 'query' | 'json', leaf: Leaf, n: number) => {
      const value = valueOf(leaf, n)
      const name = String(leaf.path[0])
      const path = pathOf(route.path, where === 'params' ? { [name]: String(value) } : {})
      // the one field that some questions demand
      const query = where === 'query' ? `?${name}=${encodeURIComponent(String(value))}` : '?format=jsonl'
      const body = where === 'json' ? within(leaf.path, value) : route.json.length > 0 ? {} : undefined
      const refused = await refusalOf(await one.request(route.method, path + query, body))
      return refused.code === 'over_limit' ? refused.details : null
    }
    for (const where of ['params', 'query', 'json'] as const)
      for (const leaf of route[where]) {
        const most = leaf.most!
        // larger than a body: the body's own bound comes first
        if (most >= Number.MAX_SAFE_INTEGER || (leaf.kind === 'other' && most >= requestLimits.jsonBytes)) continue
        const field = leaf.path.join('/')
        expect([where, await attempt(where, leaf, most + 1)]).toEqual([where, { field, most }])
        // a session is ended by nothing here, since what is required besides is missing
        if (where === 'json') expect([field, await attempt(where, leaf, most)]).toEqual([field, null])
      }
    expect(await acts()).toEqual(before)
  })

  test('33,000 ids are refused with a code and a number', async () => {
    const articles = Array.from({ length: 33_000 }, (_, i) => `article${i}`)
    const response = await one.request('POST', '/copies', { articles })
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 'over_limit', details: { field: 'articles', most: requestLimits.ids } },
    ])
  })

  test.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('%s nested up to the bound are read, deeper ones never reach the database', async (_name, open, close) => {
    const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
    const codeOf = async (json: string) => {
      const response = await requestText('/copies', json)
      return (await refusalOf(response)).code
    }
    expect(await codeOf(nested(requestLimits.jsonDepth))).toBe('malformed')
    expect(await codeOf(nested(requestLimits.jsonDepth + 1))).toBe('too_deep')
    expect(await codeOf(nested(10_000))).toBe('too_deep')
    // brackets in a text are none
    expect(await codeOf(JSON.stringify({ articles: ['['.repeat(50), '\\"[[['.repeat(10)] }))).not.toBe('too_deep')
  })

  test('a body of a megabyte is read, one byte more is not', async () => {
    const padded = (bytes: number) => `{"articles":[]${' '.repeat(bytes - '{"articles":[]}'.length)}}`
    expect((await requestText('/copies', padded(requestLimits.jsonBytes))).status).toBe(200)
    expect((await requestText('/copies', padded(requestLimits.jsonBytes + 1))).status).toBe(413)
  })
})
