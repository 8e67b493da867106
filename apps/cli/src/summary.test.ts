import { expect, test } from 'vitest'
import type { ExportReport } from '@tamga/server/console'
import { refusal, summary } from './summary.ts'

const report: ExportReport = {
  ...{ cut: 3, format: 'conll2003', policy: 'outermost', include: 'closed', refused: false },
  ...{ articles: 1, levels: 1, kept: 5, clipped: [], dropped: [], left: [], unclosed: [] },
  notes: { attributes: 0, joined: 0, rewritten: 0 },
}
const lost = { article: 'a', annotation: 'n', quote: 'Астана', label: 'CITY', inside: 'o', insideLabel: 'ORG' }
const open = { article: 'b', title: 'Форум', undecided: 2, annotations: 7, reason: 'not_closed' } as const

test('a file that holds all is one line and where to read on', () =>
  expect(summary(report)).toEqual([
    '1 article, 5 annotations.',
    'All of it stands in report.json, the files are explained in FORMAT.md.',
  ]))

test('what is cut, dropped or left out is named with its number, and the articles by title', () => {
  const clipped = [{ ...lost, reason: 'inside_token', became: 'Астана-2' }] as const
  const dropped = [
    { ...lost, reason: 'nested' },
    { ...lost, reason: 'crossing' },
    { ...lost, reason: 'nested' },
  ] as const
  expect(summary({ ...report, clipped, dropped, left: [open] }).slice(0, -1)).toEqual([
    '1 article, 6 annotations.',
    '1 annotation with other edges.',
    '3 annotations left out: 2 nested, 1 crossing.',
    'Left out, since a reviewer has not signed them off (--include all takes them):',
    '  Форум (7 approved, 2 undecided)',
  ])
  expect(summary({ ...report, include: 'all', unclosed: [open] })).toContain('  Форум (7 approved, 2 undecided)')
  expect(summary({ ...report, left: Array.from({ length: 12 }, () => open) }).at(-2)).toBe('  and 2 more')
})

test('a refusal says how many and why', () =>
  expect(refusal({ ...report, refused: true, dropped: [{ ...lost, reason: 'nested' }] })).toContain(
    'cannot carry 1 annotation (1 nested)',
  ))
