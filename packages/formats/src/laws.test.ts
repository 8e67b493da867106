import { faultOfRanges, sha256Hex, type Content, type GoldArticle, type Range } from '@tamga/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from './conll2003/decode.ts'
import { annotationOf, idOf, labels } from './fixtures.ts'
import { formats, reportOn, write, type ExportReport, type Format, type FormatId, type Policy } from './index.ts'

const pieces = [
  'а',
  'Қ',
  'һ',
  'б',
  ' ',
  ' ',
  '.',
  '\r\n',
  '\n',
  '\u00a0',
  '\u00ad',
  'e\u0301',
  '😀',
  '👩🏽‍🚀',
  '🇰🇿',
  'ש',
  'م',
  '\ufeff',
  '\u2028',
]
const text = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 30 }).map((parts) => parts.join('') + '.')

/** Sorted disjoint ranges at random places of a text, none in the middle of a code point, each up to 4 long. */
const disjoint = (text: string, gaps: boolean): fc.Arbitrary<Range[]> =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: gaps ? 2 : 0 }), fc.integer({ min: 1, max: 4 })), { maxLength: 12 })
    .map((steps) => {
      const offsets = codePointOffsets(text)
      const ranges: Range[] = []
      let at = 0
      for (const [gap, length] of steps) {
        const [start, end] = [offsets[at + gap], offsets[at + gap + length]]
        if (start === undefined || end === undefined) break
        ranges.push([start, end])
        at += gap + length
      }
      return ranges
    })

function codePointOffsets(text: string): number[] {
  let at = 0
  return [0, ...[...text].map((char) => (at += char.length))]
}

/** A span on one or two ranges, half of them on token edges. */
function spanOn(text: string, tokens: readonly Range[]): fc.Arbitrary<Content> {
  const offsets = codePointOffsets(text)
  const anywhere = fc.tuple(fc.constantFrom(...offsets), fc.constantFrom(...offsets))
  const onTokens =
    tokens.length === 0
      ? anywhere
      : fc.tuple(fc.constantFrom(...tokens), fc.constantFrom(...tokens)).map(([a, b]) => [a[0], b[1]] as const)
  const ordered = fc.oneof(anywhere, onTokens).map(([a, b]): Range => (a < b ? [a, b] : [b, a]))
  return fc
    .record({
      kind: fc.constant('span' as const),
      ranges: fc.oneof(
        { weight: 5, arbitrary: ordered.map((range) => [range]) },
        { weight: 1, arbitrary: fc.tuple(ordered, ordered) },
      ),
      label: fc.constantFrom('org', 'per', 'city', 'old'),
      attributes: fc.constantFrom([], [['base', 'x']] as const),
    })
    .filter(({ ranges }) => faultOfRanges(text, ranges) === null)
}

/** Contents with relations between those before them and labels of the article. */
const contents = (text: string, tokens: readonly Range[]): fc.Arbitrary<Content[]> =>
  fc.array(spanOn(text, tokens), { maxLength: 12 }).chain((spans) => {
    const relation = fc.nat(Math.max(0, spans.length - 1)).map((i): Content => ({
      kind: 'relation',
      from: idOf(1),
      to: idOf(i + 1),
      label: 'holds-office',
      attributes: [],
    }))
    const label = fc.constant<Content>({ kind: 'article', label: 'city', attributes: [] })
    return fc
      .array(spans.length > 0 ? fc.oneof(relation, label) : label, { maxLength: 2 })
      .map((more) => [...spans, ...more])
  })

const article: fc.Arbitrary<GoldArticle> = text.chain((text) =>
  disjoint(text, true).chain((tokens) =>
    fc
      .record({
        contents: contents(text, tokens),
        sentences: disjoint(text, false),
        closed: fc.boolean(),
        undecided: fc.nat(1),
      })
      .map(({ contents, sentences, closed, undecided }) => ({
        ...({
          id: 'a',
          title: 'Title',
          language: 'kk',
          date: null,
          source: null,
          licence: null,
          group: null,
          meta: { k: [1] },
        } as const),
        revision: 1,
        sha256: sha256Hex(text),
        text,
        tokens,
        sentences,
        closed: closed ? { by: 'R1', at: '2025-10-02T10:00:00.000Z' } : null,
        undecided,
        annotations: contents.map((content, i) => annotationOf(idOf(i + 1), content, text)),
      })),
  ),
)

/** Where and what an annotation is, as far as a table of tags can tell. */
const markOf = (label: string, [start, end]: Range) => `${label} ${start}-${end}`

type Decode = (file: string, article: GoldArticle) => Promise<string[]>

/** How the spans of an article are read back from each format's corpus file. */
const decoders: Record<FormatId, Decode> = {
  conll2003: async (file, { tokens }) =>
    decode(file)[0]!
      .columns.flat()
      .map(({ label, first, after }) => markOf(label, [tokens[first]![0], tokens[after - 1]![1]])),
  jsonl: async (file, article) => {
    for await (const read of formats[0].read(file.split('\n'))) expect(read).toEqual({ line: 1, article })
    return article.annotations.flatMap(({ content }) => spanMarks(content))
  },
}

const spanMarks = (content: Content): string[] =>
  content.kind === 'span'
    ? [markOf(content.label.toUpperCase(), [content.ranges[0]![0], content.ranges.at(-1)![1]])]
    : []

const cases = formats.flatMap((format) => format.policies.map((policy) => [format.id, policy, format] as const))

async function exported(format: Format, policy: Policy, articles: readonly GoldArticle[]) {
  const job = { format, policy, include: 'all', labels, cut: 1, articles: () => articles } as const
  const files: Record<string, string> = {}
  const walk = write(job)
  for (;;) {
    const next = await walk.next()
    if (next.done) return { files, corpus: files[`corpus.${format.extension}`]!, report: next.value }
    files[next.value.file] = (files[next.value.file] ?? '') + next.value.text
  }
}

/** The export, or null if the policy refuses this article: then the report must say why. */
async function exportedUnlessRefused(format: Format, policy: Policy, article: GoldArticle) {
  const report = await reportOn({ format, policy, include: 'all', labels, cut: 1, articles: () => [article] })
  if (!report.refused) return exported(format, policy, [article])
  expect(report.clipped.length + report.dropped.length).toBeGreaterThan(0)
  await expect(exported(format, policy, [article])).rejects.toMatchObject({ code: 'spans_would_be_lost', data: report })
  return null
}

describe.each(cases)('%s, %s', (id, policy, format) => {
  const law = (holds: (article: GoldArticle, corpus: string, report: ExportReport) => void | Promise<void>) =>
    fc.assert(
      fc.asyncProperty(article, async (article) => {
        const done = await exportedUnlessRefused(format, policy, article)
        if (done) await holds(article, done.corpus, done.report)
      }),
      { numRuns: 200 },
    )

  test('kept, clipped and dropped together are all annotations, each once', () =>
    law((article, _corpus, { kept, clipped, dropped }) => {
      const named = [...clipped, ...dropped].map(({ annotation }) => annotation)
      expect(new Set(named).size).toBe(named.length)
      expect(kept + named.length).toBe(article.annotations.length)
    }))

  test('the file tells exactly the spans that the report calls kept, and those clipped as they became', () =>
    law(async (article, corpus, { clipped, dropped }) => {
      const found = await decoders[id](corpus, article)
      const lost = new Set([...clipped, ...dropped].map(({ annotation }) => annotation))
      const kept = article.annotations
        .filter((annotation) => !lost.has(annotation.id))
        .flatMap(({ content }) => spanMarks(content))
      const rest = take(found, kept)
      expect(rest.map((mark) => textAt(article, mark)).sort()).toEqual(
        clipped.map(({ label, became }) => `${label} ${became}`).sort(),
      )
    }))

  test('the report alone is the report of the file', () =>
    law(async (article, _corpus, report) => {
      expect(await reportOn({ format, policy, include: 'all', labels, cut: 1, articles: () => [article] })).toEqual(
        report,
      )
    }))

  test('the order of annotations does not change which spans stand', () =>
    law(async (article, corpus, report) => {
      const turned = { ...article, annotations: [...article.annotations].reverse() }
      const idsOf = ({ clipped, dropped }: ExportReport) =>
        [...clipped, ...dropped].map(({ annotation }) => annotation).sort()
      const again = await exported(format, policy, [turned])
      expect((await decoders[id](again.corpus, turned)).sort()).toEqual((await decoders[id](corpus, article)).sort())
      expect(idsOf(again.report)).toEqual(idsOf(report))
    }))
})

/** `all` without `some`; fails if some is not in it. */
function take(all: readonly string[], some: readonly string[]): string[] {
  const rest = [...all]
  for (const mark of some) {
    const at = rest.indexOf(mark)
    expect(at, `${mark} is not in the file: ${all.join(', ')}`).toBeGreaterThanOrEqual(0)
    rest.splice(at, 1)
  }
  return rest
}

function textAt({ text }: GoldArticle, mark: string): string {
  const [label, range] = mark.split(' ')
  const [start, end] = range!.split('-').map(Number)
  return `${label} ${text.slice(start, end)}`
}

type Tokens = { readonly first: number; readonly after: number }
const holds = (outer: Tokens, inner: Tokens) =>
  outer.first <= inner.first && inner.after <= outer.after && outer.after - outer.first > inner.after - inner.first

describe('CoNLL-2003', () => {
  const conll2003 = formats[1]

  test('columns lose nothing but what no tag can tell', () =>
    fc.assert(
      fc.asyncProperty(article, async (article) => {
        const { report } = await exported(conll2003, 'columns', [article])
        const reasons = new Set(report.dropped.map(({ reason }) => reason))
        expect(
          [...reasons].filter((reason) => ['nested', 'holds', 'crossing', 'same_tokens'].includes(reason)),
        ).toEqual([])
      }),
    ))

  test('a span is in a later column than every span that holds it', () =>
    fc.assert(
      fc.asyncProperty(article, async (article) => {
        const { columns } = decode((await exported(conll2003, 'columns', [article])).corpus)[0]!
        columns.forEach((spans, level) =>
          spans.forEach((inner) => {
            const below = columns.slice(level + 1).flat()
            expect(below.filter((outer) => holds(outer, inner))).toEqual([])
          }),
        )
      }),
    ))

  test('every token is one row, whatever it holds', () =>
    fc.assert(
      fc.asyncProperty(article, async (article) => {
        expect(decode((await exported(conll2003, 'outermost', [article])).corpus)[0]!.words).toHaveLength(
          article.tokens.length,
        )
      }),
    ))
})
