import { locale } from '../i18n/index.svelte.ts'
import { layoutOf, type Layout } from './caps.ts'

/** Chromium tells a layout's letters without a key being pressed. */
interface LayoutTeller {
  readonly keyboard?: { getLayoutMap(): Promise<ReadonlyMap<string, string>> }
}

const assumed: Readonly<Record<string, Layout>> = { en: 'qwerty', ru: 'ru', kk: 'kk' }

let seen = $state<Layout | null>(null)

/**
 * The layout under the reader's hands: what the last letter typed proved, else what the browser tells, else what the
 * language of the interface makes likely.
 */
export const layout = (): Layout => seen ?? assumed[locale()] ?? 'qwerty'

/** Starts to watch; returns the end of it. */
export function watchLayout(): () => void {
  void ask()
  const learn = (event: KeyboardEvent) => {
    const proved = event.ctrlKey || event.metaKey ? null : layoutOf(event.code, event.key)
    if (proved) seen = keepsKazakh(proved)
  }
  addEventListener('keydown', learn, true)
  return () => removeEventListener('keydown', learn, true)
}

/** The letters of ЙЦУКЕН are on the Kazakh keyboard too: they do not disprove it. */
const keepsKazakh = (proved: Layout): Layout => (proved === 'ru' && layout() === 'kk' ? 'kk' : proved)

async function ask() {
  const map = await (navigator as LayoutTeller).keyboard?.getLayoutMap().catch(() => undefined)
  const cyrillic = map?.get('KeyA') === 'ф'
  if (cyrillic) seen = map.get('Digit2') === 'ә' ? 'kk' : 'ru'
}
