import type { SectionOf } from '../dictionary.ts'

export const projects = {
  title: 'Ваши проекты',
} as const satisfies SectionOf<'projects'>
