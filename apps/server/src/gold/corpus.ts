import { byPosition, hull, OffsetMap, Problem, type Content, type GoldAnnotation, type GoldArticle } from '@tamga/model'
import { unpackRanges } from '../db/bodies.ts'
import type { Db } from '../db/open.ts'
import {
  censusOf,
  decisionsOn,
  goldAt,
  newestCut,
  peopleOf,
  textsOf,
  type Counted,
  type DecisionRow,
  type GoldRow,
} from './corpus-store.ts'

/** A project's gold at one cut: which articles there are is settled when it is opened, however often it is walked. */
export interface Corpus {
  readonly cut: number
  readonly articles: readonly Counted[]
  readonly people: ReadonlyMap<string, string>
}

export type People = 'pseudonyms' | 'names'

/** Opens the newest cut or an earlier one. Throws `malformed` for a cut that is still to come. */
export async function openCorpus(db: Db, project: string, asked: number | null, people: People): Promise<Corpus> {
  const newest = await newestCut(db, project)
  const cut = asked ?? newest
  if (cut > newest) throw new Problem('malformed', { field: 'cut' })
  const known = await peopleOf(db, project)
  return {
    cut,
    articles: await censusOf(db, project, cut),
    people: new Map(known.map(({ id, name, pseudonym }) => [id, people === 'names' ? name : pseudonym])),
  }
}

/**
 * The articles of a corpus with their gold, offsets in code units. Holds a handful of articles at a time, and takes no
 * further one once `gone` is aborted.
 */
export async function* goldArticles(db: Db, corpus: Corpus, gone?: AbortSignal): AsyncGenerator<GoldArticle> {
  for (const some of handfuls(corpus.articles)) {
    gone?.throwIfAborted()
    yield* await load(db, corpus, some)
  }
}

const MOST_ARTICLES = 50
const MOST_POINTS = 200_000

function* handfuls(articles: readonly Counted[]): Generator<readonly Counted[]> {
  let some: Counted[] = []
  let points = 0
  for (const article of articles) {
    if (some.length >= MOST_ARTICLES || points + article.size > MOST_POINTS) {
      if (some.length > 0) yield some
      some = []
      points = 0
    }
    some.push(article)
    points += article.size
  }
  if (some.length > 0) yield some
}

async function load(db: Db, { cut, people }: Corpus, some: readonly Counted[]): Promise<GoldArticle[]> {
  const revisions = some.map(({ revision }) => revision)
  const texts = new Map((await textsOf(db, revisions)).map((text) => [text.revision, text]))
  const gold = groupBy(await goldAt(db, revisions, cut), ({ revision }) => revision)
  const decisions = groupBy(await decisionsOn(db, revisions), ({ revision }) => revision)
  const tell = (account: string) => people.get(account) ?? 'outsider'
  return some.map((counted) => {
    const { revision, no, body, tokens, sentences, ...about } = texts.get(counted.revision)!
    const rulings = groupBy(decisions.get(revision) ?? [], ({ annotation }) => annotation)
    const offsets = new OffsetMap(body)
    const annotations = (gold.get(revision) ?? []).map((row) =>
      toAnnotation(row, offsets, rulings.get(row.annotation) ?? [], tell),
    )
    const closed = signature(counted, tell)
    const undecided = counted.waiting ?? 0
    return {
      ...about,
      ...{ revision: no, text: body, tokens: unpackRanges(tokens), sentences: unpackRanges(sentences) },
      ...{ closed, undecided, annotations: annotations.sort(inReadingOrder) },
    }
  })
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

function signature({ reviewer, closedAt, moved }: Counted, tell: (account: string) => string): GoldArticle['closed'] {
  return reviewer === null || closedAt === null || moved ? null : { by: tell(reviewer), at: closedAt.toISOString() }
}

/** A gold row as it leaves, with the decisions up to the one that made it gold. */
function toAnnotation(
  row: GoldRow,
  offsets: OffsetMap,
  decisions: readonly DecisionRow[],
  tell: (account: string) => string,
): GoldAnnotation {
  return {
    id: row.annotation,
    content: toContent(row, offsets),
    quotes: row.quotes,
    digest: row.digest,
    author: tell(row.creator),
    lastEditor: tell(row.editor ?? row.creator),
    supporters: row.supporters.map(tell),
    decisions: decisions
      .filter(({ n }) => n <= row.decided)
      .map(({ verdict, account, at, digest, label_set_no }) => ({
        ...{ verdict, by: tell(account), at: at.toISOString() },
        ...{ digest, labelSet: label_set_no },
      })),
  }
}

/** The way back over the one border of units: code points of SQL → code units of a document. */
function toContent({ kind, label, attributes, starts, ends, from_end, to_end }: GoldRow, offsets: OffsetMap): Content {
  if (kind === 'article') return { kind, label, attributes }
  if (kind === 'relation') return { kind, from: from_end!, to: to_end!, label, attributes }
  const ranges = starts.map((start, i) => [offsets.toUnits(start), offsets.toUnits(ends[i]!)] as const)
  return { kind, ranges, label, attributes }
}

/** Spans by their place, then what has none, by id. */
function inReadingOrder(a: GoldAnnotation, b: GoldAnnotation): number {
  if (a.content.kind === 'span' && b.content.kind === 'span') {
    const order = byPosition(hull(a.content.ranges), hull(b.content.ranges))
    if (order !== 0) return order
  } else if (a.content.kind !== b.content.kind) return rank(a) - rank(b)
  return a.id < b.id ? -1 : 1
}

const rank = ({ content }: GoldAnnotation) => ['span', 'relation', 'article'].indexOf(content.kind)
