import { sentences, tokens } from '@tamga/language'
import {
  digestOf,
  LabelSet,
  quotesOf,
  sha256Hex,
  type Attributes,
  type Content,
  type GoldAnnotation,
  type GoldArticle,
  type Language,
  type Range,
} from '@tamga/model'

const colour = { hue: 20, light: 0.56, dark: 0.72 }
const label = (code: string, retired = false) => ({ id: code.toLowerCase(), code, name: {}, colour, retired })

/** ORG before PER before CITY in priority; OLD is retired. */
export const labels: LabelSet = LabelSet.parse({
  labels: [label('ORG'), label('PER'), label('CITY'), label('OLD', true)],
  attributes: [{ id: 'base', code: 'base', name: {}, type: 'text', labels: ['per', 'org', 'city'] }],
  relations: [{ id: 'holds-office', code: 'holds-office', name: {}, from: ['per'], to: ['org'] }],
})

/** The nth id of a test: 16 characters, in order. */
export const idOf = (n: number): string => `id${String(n).padStart(14, '0')}`

/** A gold annotation as approved, with quotes and digest computed. */
export function annotationOf(id: string, content: Content, text: string): GoldAnnotation {
  const digest = digestOf(content, text)
  return {
    id,
    content,
    quotes: quotesOf(text, content.kind === 'span' ? content.ranges : []),
    digest,
    author: 'A1',
    lastEditor: 'A2',
    supporters: ['A1', 'A3'],
    decisions: [{ verdict: 'approve', by: 'R1', at: '2025-10-02T09:00:00.000Z', digest, labelSet: 3 }],
  }
}

/** A signed-off article over a text, cut by the project's own segmenter. */
export function articleOf(text: string, contents: readonly Content[], language: Language | null = 'ru'): GoldArticle {
  return {
    id: 'article-1',
    title: 'Title',
    language,
    date: '2025-10-02',
    source: 'example',
    licence: null,
    group: null,
    meta: { '10': 'ten', '9': [1, { b: null, a: true }] },
    revision: 1,
    sha256: sha256Hex(text),
    text,
    tokens: tokens(text),
    sentences: sentences(text, language ?? 'en'),
    closed: { by: 'R1', at: '2025-10-02T10:00:00.000Z' },
    undecided: 0,
    annotations: contents.map((content, i) => annotationOf(idOf(i + 1), content, text)),
  }
}

export const span = (label: string, ranges: readonly Range[], attributes: Attributes = []): Content => ({
  kind: 'span',
  ranges,
  label,
  attributes,
})

/** A drawing as text and spans: `[CITY Ақтөбеде] болды` marks a span of label CITY; spans may lie in each other. */
export function parseDrawing(drawing: string): { text: string; spans: Content[] } {
  const open: { label: string; start: number; index: number }[] = []
  const spans: Content[] = []
  let text = ''
  for (const part of drawing.match(/\[[A-Z]+ |\]|[^[\]]+/gu) ?? []) {
    if (part.startsWith('[')) {
      open.push({ label: part.slice(1, -1).toLowerCase(), start: text.length, index: spans.length })
      spans.push(span('', []))
    } else if (part === ']') {
      const { label, start, index } = open.pop()!
      spans[index] = span(label, [[start, text.length]])
    } else text += part
  }
  return { text, spans }
}

export function draw(drawing: string, language: Language | null = 'ru'): GoldArticle {
  const { text, spans } = parseDrawing(drawing)
  return articleOf(text, spans, language)
}

/** One text for each thing that has broken somebody's offsets or columns. */
export const scripts: Readonly<Record<string, string>> = {
  kazakh: '[CITY Ақтөбеде] [ORG «[CITY Астана]» қоры] ашылды. [PER Қасым-Жомарт] келді.',
  russian: 'В [ORG университете имени [PER К. Жубанова] [CITY Актобе]] прошёл форум. Было 5 тыс. человек.',
  emoji: '😀 [PER Анна 👩🏽‍🚀] летит 👨‍👩‍👧‍👦 в [CITY Алматы 🇰🇿]!',
  hebrew: '[PER דוד כהן] גר ליד [CITY תל אביב].',
  arabic: 'يعيش [PER محمد علي] في [CITY القاهرة]، مصر.',
  crlf: '[PER Anna]\r\nmet [PER Bob]\r\n\r\nin [CITY Almaty].\r\n',
  noBreakSpace: '[PER А.\u00a0Байтурсынов] жил в\u202f[CITY Алматы].',
  softHyphen: '[ORG Универ\u00adситет] в [CITY Ал\u00adматы].',
  combining: '[PER Й\u0301ова] и [CITY Е\u0308лец] е\u0301дут.',
  lineSeparator: '[PER Anna]\u2028[CITY Almaty]\u0085[ORG Fund]\u2029end',
  byteOrderMark: '\ufeff[PER Anna] met [PER Bob].',
  retired: 'An [OLD old label] stays.',
}
