import type { SectionOf } from '../dictionary.ts'

export const people = {} as const satisfies SectionOf<'people'>
