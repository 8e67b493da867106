import { Problem, type GoldArticle, type LabelSet } from '@tamga/model'
import type { Format, Piece, Writer } from './format.ts'
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
export const reportOn = async (job: Export): Promise<ExportReport> => (await reportsOn(job, [job.policy]))[0]!

/** One report a policy, in their order, from one walk: reading the articles is what takes time. */
export async function reportsOn(
  job: Omit<Export, 'policy'>,
  policies: readonly Policy[],
): Promise<readonly ExportReport[]> {
  const walks = policies.map((policy) => new Walk({ ...job, policy }, 1))
  for await (const article of job.articles()) for (const walk of walks) walk.take(article)
  return walks.map((walk) => walk.report())
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
  const walk = new Walk(job, survey?.levels ?? 1)
  yield* walk.head
  for await (const article of job.articles()) yield* walk.take(article)
  const report = walk.report()
  yield { file: 'report.json', text: JSON.stringify(report, null, 2) + '\n' }
  return report
}

/** What every file of an export means, for whoever finds the archive later and knows nothing of Tamga. */
export const aboutFormat = ({ about }: Format): string => `${about}\n${aboutReport}`

const needsSurvey = ({ policy, format }: Export): boolean =>
  format.loses.length > 0 && (policy === 'refuse' || policy === 'columns')

/** The one walk: what its articles become in the file, and the report of just that. */
class Walk {
  readonly #job: Export
  readonly #writer: Writer
  readonly #tally: Tally

  constructor(job: Export, levels: number) {
    this.#job = job
    this.#writer = job.format.writer({ policy: job.policy, labels: job.labels, levels })
    this.#tally = new Tally(job.labels)
  }

  get head(): readonly Piece[] {
    return this.#writer.head
  }

  /** The article's text for the file; none if it may not train and is not asked for. */
  take(article: GoldArticle): readonly Piece[] {
    const { format, include } = this.#job
    const left = leftOf(article)
    if (left && format.training && include === 'closed') {
      this.#tally.leave(left)
      return []
    }
    if (left) this.#tally.admit(left)
    const written = this.#writer.article(article)
    this.#tally.add(article, written)
    return written.pieces
  }

  report(): ExportReport {
    const { cut, format, policy, include } = this.#job
    return this.#tally.report({ cut, format: format.id, policy, include })
  }
}
