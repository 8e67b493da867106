/**
 * How spans that exclude each other are settled where a token has room for one:
 * - `refuse`: the export does not happen if anything would be lost or clipped; the report lists what
 * - `outermost`: what comes first in reading order stands, the longer before what it holds
 * - `longest`: the longer stands
 * - `priority`: the label that is earlier in the label set stands, then the longer
 * - `columns`: all stand, one column per nesting level: what lies in another span, or crosses an earlier one, goes one deeper
 */
export const policies = ['refuse', 'outermost', 'longest', 'priority', 'columns'] as const
export type Policy = (typeof policies)[number]
