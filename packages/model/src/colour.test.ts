import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Colour, distance, familyHues, nextColour, paintsOf, type Scheme } from './colour.ts'
import { families, LabelSet } from './label-set.ts'

/** `oklch(L C H)` as linear sRGB, out-of-gamut parts cut as a browser without gamut mapping would (Ottosson 2020). */
function linearOf(css: string): [number, number, number] {
  const [lightness, chroma, hue] = css.slice(6, -1).split(' ').map(Number) as [number, number, number]
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const cut = (value: number) => Math.min(1, Math.max(0, value))
  return [
    cut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    cut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    cut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

/** Relative luminance by WCAG 2, which is linear. */
const luminance = (css: string): number => {
  const [red, green, blue] = linearOf(css)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

test('contrast is measured right', () => {
  expect(contrast('oklch(1 0 0)', 'oklch(0 0 0)')).toBeCloseTo(21, 3)
  expect(linearOf('oklch(0.627955 0.257683 29.2339)').map((part) => Math.round(part * 1000) / 1000)).toEqual([1, 0, 0])
})

const hues = Array.from({ length: 361 }, (_, hue) => hue)
const colours = hues.flatMap((hue) => [
  { hue, light: 0.3, dark: 0.6 },
  { hue, light: 0.66, dark: 0.92 },
  { hue, light: 0.51, dark: 0.73 },
])

/** The ground of the article in both schemes, as the interface paints it. */
const papers: Record<Scheme, string> = { light: 'oklch(0.992 0.001 265)', dark: 'oklch(0.205 0.011 265)' }

describe.each(['light', 'dark'] as const)('in the %s scheme', (scheme) => {
  const worst = (measure: (paints: ReturnType<typeof paintsOf>) => number) =>
    Math.min(...colours.map((colour) => measure(paintsOf(Colour.parse(colour), scheme))))

  test('ink is read on its wash', () =>
    expect(worst(({ ink, wash }) => contrast(ink, wash))).toBeGreaterThanOrEqual(4.5))
  test('ink is read on paper', () =>
    expect(worst(({ ink }) => contrast(ink, papers[scheme]))).toBeGreaterThanOrEqual(4.5))
  test('a rail is seen on paper', () =>
    expect(worst(({ rail }) => contrast(rail, papers[scheme]))).toBeGreaterThanOrEqual(3))
})

test('an undecided text stays readable on every wash', () => {
  const inks: Record<Scheme, string> = { light: 'oklch(0.25 0 0)', dark: 'oklch(0.9 0 0)' }
  for (const scheme of ['light', 'dark'] as const)
    for (const colour of colours)
      expect(contrast(inks[scheme], paintsOf(colour, scheme).wash)).toBeGreaterThanOrEqual(7)
})

const labels = LabelSet.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../seeds/labels.json'), 'utf8')),
).labels

test.each(labels.map(({ code, colour }) => [code, colour] as const))(
  '%s of the seeds keeps both contrasts',
  (_code, colour) => {
    for (const scheme of ['light', 'dark'] as const) {
      const { ink, wash, rail } = paintsOf(colour, scheme)
      expect(contrast(ink, wash)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(rail, papers[scheme])).toBeGreaterThanOrEqual(3)
    }
  },
)

describe('a colour for a new label', () => {
  test('every family has a hue', () => expect(Object.keys(familyHues).sort()).toEqual([...families].sort()))

  test.each(families)('%s: is one, keeps to its hue, and begins with it', (family) => {
    expect(nextColour(family, []).hue).toBe(familyHues[family])
    const many = spread(family, 12)
    for (const colour of many) {
      expect(Colour.safeParse(colour).success).toBe(true)
      expect(Math.abs(((colour.hue - familyHues[family] + 540) % 360) - 180)).toBeLessThanOrEqual(20)
    }
  })

  test.each(families)('%s: twelve are twelve, and six are seen apart', (family) => {
    expect(nearest(spread(family, 12))).toBeGreaterThan(0)
    expect(nearest(spread(family, 6))).toBeGreaterThan(0.04)
  })

  test('a colour in use is never given while there is a farther one', () => {
    const used = families.flatMap((family) => spread(family, 2))
    for (const family of families) expect(used).not.toContainEqual(nextColour(family, used))
  })
})

/** So many new labels of one family, one after the other. */
function spread(family: keyof typeof familyHues, count: number): Colour[] {
  const colours: Colour[] = []
  while (colours.length < count) colours.push(nextColour(family, colours))
  return colours
}

const nearest = (colours: readonly Colour[]) =>
  Math.min(...colours.flatMap((a, i) => colours.slice(i + 1).map((b) => distance(a, b))))

test('distance is a distance: none to itself, the same both ways, no shorter round a corner', () => {
  const colour = fc.record({
    hue: fc.double({ min: 0, max: 360, noNaN: true }),
    light: fc.double({ min: 0.3, max: 0.66, noNaN: true }),
    dark: fc.constant(0.7),
  })
  fc.assert(
    fc.property(colour, colour, colour, (a, b, c) => {
      expect(distance(a, a)).toBe(0)
      expect(distance(a, b)).toBeCloseTo(distance(b, a), 12)
      expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c) + 1e-12)
    }),
  )
  expect(distance({ hue: 0, light: 0.5, dark: 0.7 }, { hue: 360, light: 0.5, dark: 0.7 })).toBeCloseTo(0, 12)
})
