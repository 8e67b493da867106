import { Problem, type GoldArticle, type LabelSet } from '@tamga/model'
import type { Format, Piece } from './format.ts'
import type { Policy } from './policy.ts'
import { leftOf, Tally, type ExportReport, type Include } from './report.ts'
import aboutReport from './REPORT.md?raw'

/** One export: which articles, in which format, settled how. */
export interface Export {
  readonly format: Format
  readonly policy: Policy
  readonly include: Include
  readonly labels: LabelSet
  /** The gold cut at which the articles stand. */
  readonly cut: number
  /** The same articles in the same order whenever it is called: a file may need a first walk for its report. */
  readonly articles: () => Iterable<GoldArticle> | AsyncIterable<GoldArticle>
}

/** The report alone: the walk that writes the file, its text thrown away. */
export async function reportOn(job: Export): Promise<ExportReport> {
  const pieces = walk(job, 1)
  for (;;) {
    const next = await pieces.next()
    if (next.done) return next.value
  }
}

/**
 * The files of an export, piece by piece: FORMAT.md first, which explains all of them, `report.json` last; returns the
 * report. Memory stays at one article. Under
 * `refuse` a first walk comes before the first piece: if anything would be lost it throws the refusal
 * `spans_would_be_lost` with the report as its data. Under `columns` that walk finds the number of columns.
 */
export async function* write(job: Export): AsyncGenerator<Piece, ExportReport> {
  const survey = needsSurvey(job) ? await reportOn(job) : null
  if (survey?.refused) {
    const { clipped, dropped } = survey
    throw new Problem('spans_would_be_lost', { n: clipped.length + dropped.length }, survey)
  }
  yield { file: 'FORMAT.md', text: aboutFormat(job.format) }
  const report = yield* walk(job, survey?.levels ?? 1)
  yield { file: 'report.json', text: JSON.stringify(report, null, 2) + '\n' }
  return report
}

/** What every file of an export means, for whoever finds the archive later and knows nothing of Tamga. */
export const aboutFormat = ({ about }: Format): string => `${about}\n${aboutReport}`

const needsSurvey = ({ policy, format }: Export): boolean =>
  format.loses.length > 0 && (policy === 'refuse' || policy === 'columns')

/** The one walk: what it yields is the file, what it returns is the report of just that. */
async function* walk(job: Export, levels: number): AsyncGenerator<Piece, ExportReport> {
  const { format, policy, include, labels, cut } = job
  const writer = format.writer({ policy, labels, levels })
  const tally = new Tally(labels)
  yield* writer.head
  for await (const article of job.articles()) {
    const left = format.training ? leftOf(article) : null
    if (left && include === 'closed') {
      tally.leave(left)
      continue
    }
    if (left) tally.admit(left)
    const written = writer.article(article)
    tally.add(article, written)
    yield* written.pieces
  }
  return tally.report({ cut, format: format.id, policy, include })
}
