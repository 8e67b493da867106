import { api, ask, type AnswerOf } from '../api.ts'

export type Format = AnswerOf<Awaited<ReturnType<typeof api.formats.$get>>>['formats'][number]
/** What a file carries, cuts and leaves out: from the same walk that writes it. */
export type Report = AnswerOf<Awaited<ReturnType<(typeof api.projects)[':project']['export']['report']['$get']>>>
export type Policy = Report['policy']

/** What one asks for. With a `cut` the file is exactly what the report told. */
export interface ExportChoice {
  readonly format: Format['id']
  readonly policy: Policy
  readonly include: 'closed' | 'all'
  readonly people: 'pseudonyms' | 'names'
}

export const loadFormats = async () => (await ask(api.formats.$get())).formats

/** One report for each policy of the format, so that each button can say what it would cost. */
export const loadReports = async (project: string, choice: Omit<ExportChoice, 'policy'>): Promise<Report[]> =>
  (await ask(api.projects[':project'].export.reports.$get({ param: { project }, query: { ...choice } }))).reports

/** The page that says what every file of a format means; it lies in the archive as FORMAT.md. */
export const aboutUrl = (format: Format['id']): string => `/api/formats/${format}/about`

/** Where the file of a report is downloaded. */
export function fileUrl(project: string, { format, policy, include, people }: ExportChoice, cut: number): string {
  const query = new URLSearchParams({ format, policy, include, people, cut: String(cut) })
  return `/api/projects/${project}/export/file?${query}`
}

export const lossOf = (report: Report): number => report.dropped.length + report.clipped.length
