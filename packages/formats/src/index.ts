import { conll2003 } from './conll2003/conll2003.ts'
import type { Format } from './format.ts'
import { jsonl } from './jsonl/jsonl.ts'

/** Every format there is, in the order of menus. A new one is one folder and one word here. */
export const formats = [jsonl, conll2003] as const
export type FormatId = (typeof formats)[number]['id']
export const formatIds = formats.map((format) => format.id) as [FormatId, ...FormatId[]]

export const formatById = (id: FormatId): Format => formats.find((format) => format.id === id)!

export type { ClipReason, DropReason, Format, Lost, Notes, Piece, ReadLine, Writer, Written } from './format.ts'
export { policies, type Policy } from './policy.ts'
export { includes, type Clipped, type Dropped, type ExportReport, type Include, type Left } from './report.ts'
export { aboutFormat, reportOn, reportsOn, write, type Export } from './write.ts'
