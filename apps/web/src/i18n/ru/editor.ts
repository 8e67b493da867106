import type { SectionOf } from '../dictionary.ts'

export const editor = {} as const satisfies SectionOf<'editor'>
