import type { SectionOf } from '../dictionary.ts'

export const exports = {} as const satisfies SectionOf<'export'>
