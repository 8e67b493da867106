import { requestLimits } from '@tamga/model'
import type { Scene } from './scene.ts'

/** A request that costs much in little, whoever sends it. */
export interface HostileRequest {
  readonly name: string
  readonly make: (scene: Scene) => { readonly method: string; readonly path: string; readonly body?: string }
}

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
const colour = { hue: 1, light: 0.5, dark: 0.75 }
const ids = many(requestLimits.labels, (i) => `l${i}`)
const labelSet = {
  labels: ids.map((id, i) => ({ id, code: `L${i}`, name: {}, colour, ...(i < 400 && { holds: ids.slice(0, 300) }) })),
}
const chained = {
  labels: ids.map((id, i) => ({ id, code: `L${i}`, name: {}, colour, group: true, parent: ids[i + 1] ?? null })),
}
const content = { kind: 'span', ranges: many(1500, (i) => [i, i + 1]), label: 'per', attributes: [] }
const decision = { annotation: 'AAAAAAAAAAAAAAAA', verdict: 'approve', shown: content }

export const hostileRequests: readonly HostileRequest[] = [
  ...[requestLimits.ids, 33_000].map((n) => ({
    name: `${n} ids`,
    make: () => ({
      ...{ method: 'POST', path: '/copies' },
      body: JSON.stringify({ articles: many(n, (i) => `article${i}`) }),
    }),
  })),
  {
    name: 'JSON nested 10,000 deep',
    make: ({ article }) => ({
      ...{ method: 'POST', path: `/articles/${article}/asides` },
      body: `{"id":"AAAAAAAAAAAAAAAA","key":"k","code":"busy","value":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    }),
  },
  {
    name: 'a megabyte of brackets',
    make: () => ({ method: 'POST', path: '/copies', body: '[]'.repeat(requestLimits.jsonBytes / 2) }),
  },
  {
    name: 'a label set of the largest size',
    make: ({ project }) => ({
      ...{ method: 'PUT', path: `/projects/${project}/labels` },
      body: JSON.stringify({ base: 1, set: labelSet }),
    }),
  },
  {
    name: 'five hundred groups within each other',
    make: ({ project }) => ({
      ...{ method: 'PUT', path: `/projects/${project}/labels` },
      body: JSON.stringify({ base: 1, set: chained }),
    }),
  },
  {
    name: 'fifty decisions on spans of 1,500 ranges',
    make: ({ article }) => ({
      ...{ method: 'POST', path: `/articles/${article}/decisions` },
      body: JSON.stringify({ items: many(50, () => decision) }),
    }),
  },
  {
    name: 'a question of two hundred characters',
    make: ({ project }) => ({
      method: 'GET',
      path: `/projects/${project}/articles?q=${encodeURIComponent('ә'.repeat(requestLimits.search))}`,
    }),
  },
  {
    name: 'a path of ten thousand characters',
    make: () => ({ method: 'GET', path: `/articles/${'a'.repeat(10_000)}` }),
  },
  {
    name: 'an article with all that its page needs',
    make: ({ article }) => ({ method: 'GET', path: `/articles/${article}` }),
  },
  {
    name: 'languages of thirty thousand articles',
    make: () => ({
      ...{ method: 'PATCH', path: '/imports/nothing' },
      body: JSON.stringify({ language: Object.fromEntries(many(30_000, (i) => [`a${i}`, 'kk'])) }),
    }),
  },
]
