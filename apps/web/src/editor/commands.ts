import { can } from '@tamga/model'
import { densities, preferences } from '../auth/preferences.svelte.ts'
import type { Command } from '../commands/command.ts'
import { t, type PlainKey } from '../i18n/index.svelte.ts'
import { paths } from '../paths.ts'
import { go } from '../runes/router.svelte.ts'
import { isOnControl, type Keys } from '../ui/keys.ts'
import { articleCommands } from './article-commands.ts'
import { edgeCommands } from './edge-commands.ts'
import type { Editing } from './editing.svelte.ts'

/**
 * What can be done in an open article, beside the labels' own keys: letters and digits belong to labels, so commands
 * keep to the other keys.
 */
export function editorCommands(editing: Editing): readonly Command[] {
  return [
    ...marking(editing),
    ...undoing(editing),
    ...edges(editing),
    ...walking(editing),
    ...places(editing),
    ...articleCommands(editing.room, paths.article),
    reviewing(editing),
  ]
}

function marking(editing: Editing): Command[] {
  return [
    {
      id: 'span.picker',
      title: 'editor.cmd_picker',
      group: 'span',
      keys: ['Space'],
      when: () => !isOnControl() && (against(editing) ?? (hasTarget(editing) || t('editor.needSelection'))),
      run: () => (editing.picking = true),
    },
    {
      id: 'span.repeat',
      title: 'editor.cmd_repeat',
      about: () => (editing.recent[0] === undefined ? '' : editing.codeOf(editing.recent[0])),
      group: 'span',
      keys: ['Backquote'],
      when: () =>
        against(editing) ??
        (editing.recent.length === 0 ? t('editor.needLast') : hasTarget(editing) || t('editor.needSelection')),
      run: () => editing.putLabel(editing.recent[0]!),
    },
    {
      id: 'span.part',
      title: 'editor.cmd_part',
      about: () => (editing.growing ? `«${editing.quote(editing.growing.content, 30)}»` : ''),
      group: 'span',
      keys: ['mod+Enter'],
      when: () => editing.barred ?? editing.lockedGrowth ?? (editing.growing !== null || t('editor.needBoth')),
      run: () => editing.addPart(),
    },
    {
      id: 'span.unsure',
      title: 'editor.cmd_unsure',
      about: () => about(editing),
      group: 'span',
      keys: ['Slash'],
      when: () => onSpan(editing),
      run: () => editing.setUnsure(!editing.span!.unsure),
    },
    {
      id: 'span.remove',
      title: 'editor.cmd_remove',
      about: () => about(editing),
      group: 'span',
      keys: ['Delete', 'Backspace'],
      when: () => editing.locked ?? onSpan(editing),
      run: () => editing.remove(),
    },
  ]
}

function undoing(editing: Editing): Command[] {
  const { room } = editing
  return [
    {
      id: 'span.undo',
      title: 'editor.cmd_undo',
      about: () => whatNext(editing, 'top'),
      group: 'span',
      keys: ['mod+KeyZ'],
      repeats: true,
      when: () => editing.barred ?? (room.acts >= 0 && (room.undo.canUndo || t('editor.said_nothing'))),
      run: () => editing.undo(),
    },
    {
      id: 'span.redo',
      title: 'editor.cmd_redo',
      about: () => whatNext(editing, 'topRedo'),
      group: 'span',
      keys: ['mod+shift+KeyZ', 'mod+KeyY'],
      repeats: true,
      when: () => editing.barred ?? (room.acts >= 0 && (room.undo.canRedo || t('editor.said_nothingAgain'))),
      run: () => editing.redo(),
    },
  ]
}

const edges = (editing: Editing) =>
  edgeCommands(
    'span',
    () => against(editing) ?? (hasTarget(editing) || t('editor.needSpan')),
    (...move) => editing.moveEdge(...move),
  )

function walking(editing: Editing): Command[] {
  const to = (by: 1 | -1, id: string, title: PlainKey, keys: readonly Keys[]): Command => ({
    id: `span.${id}`,
    title,
    group: 'span',
    keys,
    repeats: true,
    when: () => isInText(editing) && editing.span !== null && editing.neighbour(by) !== null,
    run: () => editing.choose(editing.neighbour(by)!.id, { show: true }),
  })
  return [
    to(1, 'next', 'editor.cmd_next', ['Tab', 'ArrowRight']),
    to(-1, 'previous', 'editor.cmd_previous', ['shift+Tab', 'ArrowLeft']),
    {
      id: 'span.outward',
      title: 'editor.cmd_outward',
      group: 'span',
      keys: ['ArrowUp'],
      when: () => isInText(editing) && editing.around !== null,
      run: () => editing.choose(editing.around!.id, { show: true }),
    },
    {
      id: 'span.inward',
      title: 'editor.cmd_inward',
      group: 'span',
      keys: ['ArrowDown'],
      when: () => isInText(editing) && editing.inner !== null,
      run: () => editing.choose(editing.inner!.id, { show: true }),
    },
    {
      id: 'span.clear',
      title: 'editor.cmd_clear',
      group: 'span',
      keys: ['Escape'],
      when: () => editing.span !== null || editing.selected !== null || editing.drawer !== null,
      run: () => (editing.drawer === null ? editing.clear() : (editing.drawer = null)),
    },
  ]
}

function places(editing: Editing): Command[] {
  const focus = (id: string, title: PlainKey, keys: Keys, run: () => void): Command => ({
    id: `span.${id}`,
    title,
    group: 'span',
    keys: [keys],
    inFields: true,
    run,
  })
  return [
    focus('details', 'editor.cmd_details', 'F2', () => openSide(editing, 'details')),
    focus('list', 'editor.cmd_list', 'F4', () => openSide(editing, 'spans')),
    focus('text', 'editor.cmd_text', 'F6', () => editing.surface?.host.focus()),
    {
      id: 'span.density',
      title: 'editor.cmd_density',
      group: 'span',
      run: () => (preferences.density = densities[(densities.indexOf(preferences.density) + 1) % densities.length]!),
    },
  ]
}

const reviewing = ({ room }: Editing): Command => ({
  id: 'article.review',
  title: 'editor.toReview',
  group: 'article',
  keys: ['alt+Enter'],
  when: () => can(room.article.role, 'decide'),
  run: () => go(paths.review(room.article.id)),
})

const hasTarget = ({ span, selected }: Editing) => span !== null || selected !== null

/** Why neither a selection nor the chosen span can be changed, or null. */
const against = ({ barred, locked }: Editing) => barred ?? locked

const onSpan = (editing: Editing) => editing.barred ?? (editing.span !== null || t('editor.needSpan'))

const about = (editing: Editing) => (editing.span ? `«${editing.quote(editing.span.content, 30)}»` : '')

function whatNext(editing: Editing, which: 'top' | 'topRedo'): string {
  const step = editing.room.acts >= 0 ? editing.room.undo[which]() : null
  return step ? editing.what(step) : ''
}

/** Tab walks through spans only from the text (or from nowhere), so that it leads everywhere else as usual. */
function isInText({ surface }: Editing): boolean {
  const { activeElement } = document
  return activeElement === null || activeElement === document.body || activeElement === surface?.host
}

/** Puts the focus into a side, and opens it first where it is a drawer. */
function openSide(editing: Editing, side: 'spans' | 'details') {
  const place = document.querySelector<HTMLElement>(`[data-side="${side}"]`)
  if (place?.offsetParent === null) editing.drawer = side
  requestAnimationFrame(() => {
    const first = ['[aria-current="true"]', 'input, select', 'li button', 'button']
    first
      .map((selector) => place?.querySelector<HTMLElement>(selector))
      .find(Boolean)
      ?.focus()
  })
}
