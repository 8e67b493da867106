import type { SectionOf } from '../dictionary.ts'

export const review = {} as const satisfies SectionOf<'review'>
