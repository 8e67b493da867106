import type { SectionOf } from '../dictionary.ts'

export const articles = {} as const satisfies SectionOf<'articles'>
