import { Persisted } from '../runes/persisted.svelte.ts'

export const schemes = ['system', 'light', 'dark'] as const
export type SchemeChoice = (typeof schemes)[number]

/** How much of a mark is drawn: rail, code and end; rail alone; tint alone. */
export const densities = ['gloss', 'rails', 'bare'] as const
export type Density = (typeof densities)[number]

const oneOf =
  <T extends string>(list: readonly T[]) =>
  (value: unknown): value is T =>
    list.some((item) => item === value)

const scheme = new Persisted<SchemeChoice>('scheme', 'system', oneOf(schemes))
const density = new Persisted<Density>(
  'density',
  matchMedia('(max-width: 700px)').matches ? 'rails' : 'gloss',
  oneOf(densities),
)

/** What a reader chose for this browser. */
export const preferences = {
  get scheme(): SchemeChoice {
    return scheme.value
  },
  set scheme(next: SchemeChoice) {
    scheme.value = next
  },
  get density(): Density {
    return density.value
  },
  set density(next: Density) {
    density.value = next
  },
}

/** Puts the chosen scheme on the document; without a choice the system decides. Run it as an effect. */
export function applyScheme() {
  const { dataset } = document.documentElement
  if (scheme.value === 'system') delete dataset.theme
  else dataset.theme = scheme.value
}
