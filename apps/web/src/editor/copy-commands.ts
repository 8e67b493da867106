import type { Command } from '../commands/command.ts'
import { takenAlong } from '../offline/taken.svelte.ts'

/** Takes an open article along, and lets it go again. */
export const copyCommands = (article: string, take: () => Promise<void>): Command[] => [
  {
    id: 'article.take',
    title: 'offline.take',
    group: 'article',
    when: () => !takenAlong.isKept(article),
    run: take,
  },
  {
    id: 'article.drop',
    title: 'offline.drop',
    group: 'article',
    when: () => takenAlong.has(article),
    run: () => takenAlong.remove([article]),
  },
]
