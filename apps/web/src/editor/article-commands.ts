import type { Command } from '../commands/command.ts'
import { t, type PlainKey } from '../i18n/index.svelte.ts'
import { paths } from '../paths.ts'
import { go } from '../runes/router.svelte.ts'
import type { Room } from '../text/room.svelte.ts'
import type { Keys } from '../ui/keys.ts'

/** Ways from an open article: to the ones beside it, on the page of theirs that `pathOf` names, and to the list of all. */
export function articleCommands(room: Room, pathOf: (article: string) => string): Command[] {
  const to = (id: 'previous' | 'next', title: PlainKey, keys: Keys): Command => ({
    id: `article.${id}`,
    title,
    group: 'article',
    keys: [keys],
    when: () => room.article[id] !== null || t('editor.needArticle'),
    run: () => go(pathOf(room.article[id]!)),
  })
  return [
    to('previous', 'editor.previousArticle', 'alt+PageUp'),
    to('next', 'editor.nextArticle', 'alt+PageDown'),
    {
      id: 'article.project',
      title: 'commands.toArticles',
      group: 'go',
      run: () => go(paths.project(room.article.project)),
    },
  ]
}
