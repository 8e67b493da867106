import { encode } from 'uqr'

/** A QR code as the path of an SVG: dark squares of one unit each, with the quiet border that readers need. */
export interface QrPicture {
  /** Units of a side. */
  readonly size: number
  readonly path: string
}

const BORDER = 4

/** The picture of a text; a link of a few dozen characters takes about 40 units. */
export function qrOf(text: string): QrPicture {
  const { data, size } = encode(text, { ecc: 'M', border: BORDER })
  const runs = data.flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`))
  return { size, path: runs.join('') }
}

/** Runs of dark units of a row: start and length. */
function runsOf(row: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = []
  for (const [x, dark] of row.entries()) {
    const last = runs.at(-1)
    if (!dark) continue
    if (last && last[0] + last[1] === x) last[1] += 1
    else runs.push([x, 1])
  }
  return runs
}
