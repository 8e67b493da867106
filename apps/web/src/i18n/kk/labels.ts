import type { SectionOf } from '../dictionary.ts'

export const labels = {} as const satisfies SectionOf<'labels'>
