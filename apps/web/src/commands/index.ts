import { locales } from '@tamga/model'
import { preferences, schemes } from '../auth/preferences.svelte.ts'
import { session } from '../auth/session.svelte.ts'
import { locale, setLocale } from '../i18n/index.svelte.ts'
import { paths } from '../paths.ts'
import { go } from '../runes/router.svelte.ts'
import type { Command } from './command.ts'
import { desk } from './desk.svelte.ts'

const after = <T>(list: readonly T[], item: T): T => list[(list.indexOf(item) + 1) % list.length]!

const signedIn = () => session.account !== null

/** What can be done on every page. Pages add their own by `useCommands`. */
export const commands: readonly Command[] = [
  {
    id: 'app.palette',
    title: 'commands.open',
    group: 'app',
    keys: ['mod+KeyK'],
    inFields: true,
    when: () => !desk.palette && signedIn(),
    run: () => (desk.palette = true),
  },
  {
    id: 'app.help',
    title: 'commands.help',
    group: 'app',
    keys: ['char:?', 'F1'],
    run: () => (desk.help = true),
  },
  {
    id: 'app.projects',
    title: 'commands.toProjects',
    group: 'go',
    when: signedIn,
    run: () => go(paths.projects()),
  },
  {
    id: 'app.offline',
    title: 'offline.title',
    group: 'go',
    when: signedIn,
    run: () => go(paths.offline()),
  },
  {
    id: 'app.account',
    title: 'auth.accountTitle',
    group: 'go',
    when: signedIn,
    run: () => go(paths.account()),
  },
  {
    id: 'app.scheme',
    title: 'commands.scheme',
    group: 'app',
    run: () => (preferences.scheme = after(schemes, preferences.scheme)),
  },
  {
    id: 'app.language',
    title: 'commands.language',
    group: 'app',
    run: () => setLocale(after(locales, locale())),
  },
  {
    id: 'app.signOut',
    title: 'auth.signOut',
    group: 'app',
    when: signedIn,
    run: () => session.signOut(false),
  },
]
