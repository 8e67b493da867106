import type { SectionOf } from '../dictionary.ts'

export const projects = {
  title: 'Жобаларыңыз',
} as const satisfies SectionOf<'projects'>
