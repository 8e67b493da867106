import type { ExportReport } from '@tamga/server/console'

/** What a report says, for a terminal: what is in the file, what is not, and what to do about it. */
export function summary(report: ExportReport): string[] {
  const { articles, kept, clipped, dropped, left, unclosed } = report
  return [
    `${count(articles, 'article')}, ${count(kept + clipped.length, 'annotation')}.`,
    ...(clipped.length > 0 ? [`${count(clipped.length, 'annotation')} with other edges.`] : []),
    ...(dropped.length > 0 ? [`${count(dropped.length, 'annotation')} left out: ${reasons(dropped)}.`] : []),
    ...(left.length > 0 ? [`Left out, since a reviewer has not signed them off (--include all takes them):`] : []),
    ...lines(left),
    ...(unclosed.length > 0 ? [`Taken though not signed off, so a token without a tag may still be a name:`] : []),
    ...lines(unclosed),
    'All of it stands in report.json, the files are explained in FORMAT.md.',
  ]
}

/** Why there is no file, under the policy to refuse. */
export const refusal = ({ clipped, dropped }: ExportReport): string =>
  `Nothing was written: this format cannot carry ${count(clipped.length + dropped.length, 'annotation')} ` +
  `(${reasons([...clipped, ...dropped])}). Choose another --policy, or --format jsonl.`

const FIRST = 10

function lines(articles: ExportReport['left']): string[] {
  const rest = articles.length - FIRST
  return [...articles.slice(0, FIRST).map(line), ...(rest > 0 ? [`  and ${rest} more`] : [])]
}

const line = ({ title, undecided, annotations }: ExportReport['left'][number]): string =>
  `  ${title} (${annotations} approved, ${undecided} undecided)`

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

function reasons(lost: readonly { readonly reason: string }[]): string {
  const counts = new Map<string, number>()
  for (const { reason } of lost) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, n]) => `${n} ${reason}`).join(', ')
}
