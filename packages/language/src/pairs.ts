const closes: Readonly<Record<string, string>> = { '»': '«', '›': '‹', ')': '(', ']': '[', '}': '{', '”': '“„' }
const opens = '«‹([{„'

/**
 * The partner of each quote and bracket of one line, both ways, by offset. Halves without a partner are left out; an
 * opening one that is never closed hides no pair around it. Straight quotes open before a word and close after one.
 */
export function partners(line: string): Map<number, number> {
  const found = new Map<number, number>()
  const open: number[] = []
  for (const { index, 0: sign } of line.matchAll(/[«»‹›()[\]{}„“”"]/g)) {
    const opener = isOpening(line, index, sign, open) ? -1 : lastOpen(line, open, sign)
    if (opener >= 0) {
      const at = open[opener] as number
      open.length = opener
      found.set(at, index).set(index, at)
    } else if (isOpening(line, index, sign, open)) {
      open.push(index)
    }
  }
  return found
}

function isOpening(line: string, at: number, sign: string, open: readonly number[]): boolean {
  if (sign === '"') return opensWord(line, at)
  if (sign === '“') return lastOpen(line, open, sign) < 0
  return opens.includes(sign)
}

function lastOpen(line: string, open: readonly number[], sign: string): number {
  const kin = sign === '“' ? '„' : sign === '"' ? '"' : (closes[sign] ?? '')
  return open.findLastIndex((at) => kin.includes(line.charAt(at)))
}

function opensWord(line: string, at: number): boolean {
  return (
    /^[\p{L}\p{N}«„“("№$#@]/u.test(line.slice(at + 1, at + 3)) &&
    !/[\p{L}\p{N}.,;:!?…%)»”]$/u.test(line.slice(0, at).slice(-2))
  )
}
