/** A stretch of a text: UTF-16 code units, half-open, `start <= end`. */
export type Range = [start: number, end: number]
