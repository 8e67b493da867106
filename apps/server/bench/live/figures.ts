/** A figure of the benchmark: what it was to be, if anything, and whether it is. */
export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly target?: number
  readonly holds?: boolean
}

export const figure = (name: string, value: number, unit: string): Measure => ({ name, value: rounded(value), unit })

/** A figure that must not be above its target. */
export const atMost = (name: string, value: number, unit: string, target: number): Measure => ({
  ...figure(name, value, unit),
  target: rounded(target),
  holds: value <= target,
})

/** A figure that must not be below its target. */
export const atLeast = (name: string, value: number, unit: string, target: number): Measure => ({
  ...figure(name, value, unit),
  target: rounded(target),
  holds: value >= target,
})

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** Three digits that count. */
const rounded = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(3)) : value)

export const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Says what begins now, and how many seconds have passed. */
export const chapter = (title: string): void => say(`[${Math.round(performance.now() / 1000)} s] ${title}`)
