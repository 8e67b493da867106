import { ROWS } from './rows.ts'

/** How much the text shows: codes in the rails, rails alone, or washes alone. */
export const densities = ['gloss', 'rails', 'bare'] as const
export type Density = (typeof densities)[number]

interface Measures {
  /** From rail to rail, px. */
  readonly pitch: number
  /** Under the content box, px, for one row. */
  readonly foot: number
  /** The side of a seal with its paper ring, px. */
  readonly seal: number
  /** Height of the lines of a paragraph of depth 0 or 1, px. */
  readonly line: number
  /** Height of the lines at depth 2 without the two pitches, px. */
  readonly base: number
}

// The first rail's centre lies 4 px under the content box in both.
const CENTRE = 4
const measures: Record<Density, Measures> = {
  gloss: { pitch: 9, foot: 8, seal: 8, line: 34, base: 26 },
  rails: { pitch: 5, foot: 6, seal: 6, line: 32, base: 26 },
  bare: { pitch: 0, foot: 0, seal: 0, line: 34, base: 34 },
}

/** Height of the lines of a paragraph by the depth of its nest, px for 19 px type. */
export function lineHeight(density: Density, depth: number): number {
  const { pitch, line, base } = measures[density]
  return depth < 2 ? line : base + pitch * Math.min(depth, ROWS)
}

/**
 * Which row a point belongs to, or null if it is on the text.
 * @param up how far the point lies above the lower edge of a segment's fragment, px
 * @param top the segment's highest row
 */
export function rowAt(density: Density, up: number, top: number): number | null {
  const { pitch, foot } = measures[density]
  if (density === 'bare' || up > foot + pitch * top) return null
  return Math.max(0, top - Math.floor(up / pitch))
}

/** The rules that place rails, seals, codes and washes; constant, so one sheet serves every surface. */
export function geometryCss(): string {
  const rows = [...Array(ROWS).keys()]
  const images = rows.flatMap((top) => [`.n${top}{${imagesOf(top, false)}}`, `.n${top}.z{${imagesOf(top, true)}}`])
  const washed = `.surface.bare .s{padding-bottom:0;background:linear-gradient(var(--w,#0000) 0 0) 0 60%/100% 24px no-repeat content-box content-box}`
  const flag = '.bare .c{margin-top:calc(var(--cb) - 0.5px)}'
  return [...images, ...(['gloss', 'rails'] as const).flatMap((d) => placed(d, rows)), ...depths(), washed, flag].join(
    '\n',
  )
}

const list = (items: readonly string[]): string => items.join(',')
const upTo = (top: number): number[] => [...Array(top + 1).keys()]

function imagesOf(top: number, sealed: boolean): string {
  const seals = sealed ? upTo(top).map((r) => `var(--z${r},none)`) : []
  const rails = upTo(top).map((r) => `var(--b${r},linear-gradient(var(--r${r},#0000) 0 0))`)
  return `background-image:${list([...seals, ...rails, 'linear-gradient(var(--w,#0000) 0 0)'])}`
}

function placed(density: Density, rows: readonly number[]): string[] {
  const { pitch, foot } = measures[density]
  return rows.flatMap((top) => {
    const at = `.${density} .n${top}`
    return [
      `${at}{padding-bottom:${foot + pitch * top}px;${layers(density, top, false, false)}}`,
      `${at}.z{${layers(density, top, true, false)}}`,
      `${at}.v{${layers(density, top, false, true)}}`,
      `${at}.z.v{${layers(density, top, true, true)}}`,
      `.${density} .c${top}{margin-top:calc(var(--cb) + ${pitch * top - 0.5}px)}`,
    ]
  })
}

function layers(density: Density, top: number, sealed: boolean, thick: boolean): string {
  const { pitch, seal } = measures[density]
  const seals = sealed ? upTo(top) : []
  const sizes = [
    ...seals.map(() => `${seal}px ${seal}px`),
    ...upTo(top).map((r) => (thick ? `100% var(--h${r},2px)` : '100% 2px')),
    '100% 24px',
  ]
  const places = [
    ...seals.map((r) => `100% calc(100% + ${CENTRE + pitch * r + seal / 2}px)`),
    ...upTo(top).map((r) => `0 ${railPlace(CENTRE + pitch * r, r, thick)}`),
    '0 60%',
  ]
  return `background-size:${list(sizes)};background-position:${list(places)}`
}

const railPlace = (centre: number, row: number, thick: boolean): string =>
  thick ? `calc(100% + ${centre}px + var(--h${row},2px)/2)` : `calc(100% + ${centre + 1}px)`

/** Line heights by depth. The first line pulls up by half of what it gained; the last keeps room for its rails. */
function depths(): string[] {
  return densities.flatMap((density) => {
    const { pitch, line } = measures[density]
    return [...Array(ROWS + 1).keys()].map((depth) => {
      const height = lineHeight(density, depth)
      const rails = density === 'bare' || depth === 0 ? 0 : CENTRE + pitch * (depth - 1) + 1
      const below = Math.max(density === 'bare' ? 0 : 3, Math.ceil(rails - (height - 28) / 2))
      return `.${density} .h${depth}{--lh:${height}px;margin-top:${Math.round((line - height) / 2)}px;padding-bottom:${below}px}`
    })
  })
}
