import { hull } from '@tamga/model'
import { fromInside, type Mark } from './mark.ts'
import type { Block } from './paragraphs.ts'

/** What fits into the beginning of a rail: the label's code, its family's glyph, or nothing. */
export type Room = 'code' | 'glyph' | 'none'

/** All that decides how a mark looks beside the mark itself. */
export interface Look {
  readonly chosen: string | null
  readonly hovered: string | null
  /** Marks that somebody just changed, with the colour (1 to 8) of that person. */
  readonly flashing: ReadonlyMap<string, number>
  /** Codes on every rail, or only on the chosen and the hovered one. */
  readonly codes: 'all' | 'pointed'
  readonly isWet: (mark: Mark) => boolean
  /** The number of a label in class names. */
  readonly label: (id: string) => number
  readonly room: (mark: Mark) => Room
  /** What a screen reader says of a mark. */
  readonly describe: (mark: Mark) => string
}

/** A mark over a segment: its row, and whether the segment lies in a gap between the mark's ranges. */
export interface Place {
  readonly mark: Mark
  readonly row: number
  readonly gap: boolean
}

/** An empty element whose class and `data-x` say what its generated content shows. */
export interface Code {
  readonly classes: string
  readonly extra: string
}

/** A run of text over which the same marks lie. */
export interface Segment {
  readonly start: number
  readonly end: number
  readonly classes: string
  readonly codes: readonly Code[]
  readonly handles: readonly ('start' | 'end')[]
  /** From the innermost to the outermost. */
  readonly places: readonly Place[]
  /** For a screen reader: the marks that begin here; empty if none does. */
  readonly description: string
}

/**
 * Cuts the marked part of a block into flat segments, in order. What lies between them is bare text.
 * @param rows the row of every mark, by id; marks without a row are left out
 */
export function segmentsOf(
  block: Block,
  marks: readonly Mark[],
  rows: ReadonlyMap<string, number>,
  look: Look,
): Segment[] {
  const ordered = marks.filter((mark) => rows.has(mark.id)).sort(fromInside)
  const edges = edgesIn(block, ordered)
  const segments: Segment[] = []
  for (let i = 1; i < edges.length; i++) {
    const [start, end] = [edges[i - 1] ?? 0, edges[i] ?? 0]
    const places = placesOver(start, end, ordered, rows)
    if (places.length > 0) segments.push(segment(start, end, places, look))
  }
  return segments
}

function edgesIn(block: Block, marks: readonly Mark[]): number[] {
  const edges = new Set<number>()
  for (const mark of marks)
    for (const range of mark.ranges)
      for (const edge of range) edges.add(Math.min(block.end, Math.max(block.start, edge)))
  return [...edges].sort((a, b) => a - b)
}

function placesOver(start: number, end: number, marks: readonly Mark[], rows: ReadonlyMap<string, number>): Place[] {
  const places: Place[] = []
  for (const mark of marks) {
    const [from, to] = hull(mark.ranges)
    if (from > start || to < end) continue
    const gap = !mark.ranges.some((range) => range[0] <= start && end <= range[1])
    places.push({ mark, row: rows.get(mark.id) ?? 0, gap })
  }
  return places
}

function segment(start: number, end: number, places: readonly Place[], look: Look): Segment {
  const begins = places.filter(({ mark }) => hull(mark.ranges)[0] === start)
  const ends = places.filter(({ mark }) => hull(mark.ranges)[1] === end)
  const isChosen = ({ mark }: Place) => mark.id === look.chosen
  const handles = [
    ...(begins.some(isChosen) ? ['start' as const] : []),
    ...(ends.some(isChosen) ? ['end' as const] : []),
  ]
  return {
    start,
    end,
    places,
    handles,
    classes: classesOf(places, ends, look),
    codes: begins.flatMap((place) => codeOf(place, look) ?? []),
    description: begins
      .map(({ mark }) => look.describe(mark))
      .reverse()
      .join('; '),
  }
}

function classesOf(places: readonly Place[], ends: readonly Place[], look: Look): string {
  const top = Math.max(...places.map(({ row }) => row))
  const rails = places.flatMap((place) => railClasses(place, look))
  const seals = ends.flatMap(({ mark, row }) => (seal[mark.state] ? [`r${row}${seal[mark.state]}`] : []))
  const thick = rails.some((name) => unusual.test(name))
  return [
    `s n${top}`,
    ...fillClasses(places, look),
    ...rails,
    ...(seals.length > 0 ? ['z', ...seals] : []),
    ...(thick ? ['v'] : []),
  ].join(' ')
}

/** Ends of rails by state: the seal, broken, crossed, half. */
const seal: Partial<Record<Mark['state'], string>> = { approved: 'z', changed: 'y', disputed: 'x', partly: 'h' }

/** Classes of rails that are not 2 px high. */
const unusual = /^r\d+(gap|no|two|sel|u\d+)$/

function railClasses({ mark, row, gap }: Place, look: Look): string[] {
  const label = look.label(mark.label)
  const chosen = mark.id === look.chosen
  const classes = [`r${row}l${label}`]
  if (gap) classes.push(`r${row}gap`)
  else if (mark.state === 'rejected') classes.push(`r${row}no`)
  else if (mark.pending) classes.push(`r${row}pen`)
  else if (mark.unsure && !chosen) classes.push(`r${row}u${label}`)
  else if ((mark.supporters ?? 1) > 1 && !chosen) classes.push(`r${row}two`)
  if (chosen && !gap) classes.push(`r${row}sel`)
  return classes
}

function fillClasses(places: readonly Place[], look: Look): string[] {
  const solid = places.filter(({ gap }) => !gap)
  const fills = [fillOf(solid, look)].filter((name) => name !== null)
  const flash = solid.map(({ mark }) => look.flashing.get(mark.id)).find((colour) => colour !== undefined)
  return flash === undefined ? fills : [...fills, 'fl', `f${flash}`]
}

function fillOf(solid: readonly Place[], look: Look): string | null {
  const hovered = solid.find(({ mark }) => mark.id === look.hovered && mark.id !== look.chosen)
  if (hovered) return `o${look.label(hovered.mark.label)}`
  const shown = solid.find(({ mark }) => mark.id === look.chosen || look.isWet(mark))
  return shown ? `${shown.mark.id === look.chosen ? 'q' : 'k'}${look.label(shown.mark.label)}` : null
}

function codeOf({ mark, row }: Place, look: Look): Code | null {
  const chosen = mark.id === look.chosen
  if (look.codes === 'pointed' && !chosen && mark.id !== look.hovered) return null
  const room = chosen ? 'code' : look.room(mark)
  if (room === 'none') return null
  const states = [chosen ? 'sel' : '', room === 'glyph' ? 'g' : '', tone[mark.state] ?? ''].filter(Boolean)
  return {
    classes: ['c', `c${row}`, `cl${look.label(mark.label)}`, ...states].join(' '),
    extra: room === 'glyph' ? '' : extraOf(mark),
  }
}

/** How a code is set by state; the default is bold. */
const tone: Partial<Record<Mark['state'], string>> = { approved: 'ok', rejected: 'no' }

/** What follows the code: `1/2` while approvals are missing, `×2` for several supporters. */
export function extraOf(mark: Mark): string {
  if (mark.state === 'partly' && mark.approvals) return ` ${mark.approvals.join('/')}`
  return (mark.supporters ?? 1) > 1 ? ` ×${mark.supporters}` : ''
}
