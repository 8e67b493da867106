import { z } from './zod.ts'

/**
 * A label's colour in OKLCH: one hue for both schemes and the lightness of its rail in the light and in the dark one.
 * Chroma, ink and wash follow from these by rule.
 */
export const Colour = z.strictObject({
  hue: z.number().min(0).max(360),
  light: z.number().min(0.3).max(0.66),
  dark: z.number().min(0.6).max(0.92),
})
export type Colour = z.infer<typeof Colour>
export type Scheme = 'light' | 'dark'

/** The three paints of a label as CSS colours: its rail, the ink of its code, the wash behind an undecided span. */
export interface Paints {
  readonly rail: string
  readonly ink: string
  readonly wash: string
}

export function paintsOf(colour: Colour, scheme: Scheme): Paints {
  const { hue } = colour
  if (scheme === 'light')
    return {
      rail: oklch(Math.min(colour.light, brightestRail(hue)), RAIL_CHROMA, hue),
      ink: oklch(Math.min(colour.light, 0.5), 0.13, hue),
      wash: oklch(0.948, 0.036, hue),
    }
  return {
    rail: oklch(colour.dark, 0.12, hue),
    ink: oklch(Math.max(colour.dark, 0.73), 0.1, hue),
    wash: oklch(0.315, 0.05, hue),
  }
}

// Of a rail in the light scheme, in which colours are told apart.
const RAIL_CHROMA = 0.15

// greens and cyans look lighter than their L: beyond this their rail has less than 3:1 on paper
const brightestRail = (hue: number) => (hue > 100 && hue < 245 ? 0.63 : 0.66)

const oklch = (lightness: number, chroma: number, hue: number) => `oklch(${lightness} ${chroma} ${hue})`

/** The hue each family starts from: far enough apart to be told by it alone. */
export const familyHues = {
  person: 325,
  organization: 260,
  place: 146,
  time: 87,
  amount: 50,
  event: 305,
  text: 197,
  other: 20,
} as const

const HUE_STEPS = [0, 14, -14, 20, -20, 8, -8]
const LIGHTS = [0.56, 0.48, 0.64, 0.4]
const DARKS = [0.72, 0.8, 0.66, 0.88]

/** A colour for a new label of a family: of the family's own candidates the one farthest from all colours in use. */
export function nextColour(family: keyof typeof familyHues, used: readonly Colour[]): Colour {
  const candidates = HUE_STEPS.flatMap((step) =>
    LIGHTS.map((light, i) => ({ hue: (familyHues[family] + step + 360) % 360, light, dark: DARKS[i]! })),
  )
  let best = candidates[0]!
  let farthest = -1
  for (const candidate of candidates) {
    const nearest = Math.min(1, ...used.map((colour) => distance(candidate, colour)))
    if (nearest > farthest) [best, farthest] = [candidate, nearest]
  }
  return best
}

/** Euclidean distance of two rails in OKLab, light scheme (Ottosson 2020, https://bottosson.github.io/posts/oklab). */
export function distance(a: Colour, b: Colour): number {
  const angle = ((a.hue - b.hue) * Math.PI) / 180
  const chord = 2 * RAIL_CHROMA * Math.sin(angle / 2)
  return Math.hypot(a.light - b.light, chord)
}
