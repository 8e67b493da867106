import type { SectionOf } from '../dictionary.ts'

export const imports = {} as const satisfies SectionOf<'import'>
