import type { Command } from '../commands/command.ts'
import type { PlainKey } from '../i18n/index.svelte.ts'
import type { Keys } from '../ui/keys.ts'
import type { Edge, Unit } from './edges.ts'

/** A bracket pulls its own edge out, with Shift back in; with Alt by a letter instead of a word. */
const moves: readonly (readonly [title: PlainKey, keys: Keys, edge: Edge, out: boolean, unit: Unit])[] = [
  ['editor.cmd_startOut', 'BracketLeft', 'start', true, 'word'],
  ['editor.cmd_endOut', 'BracketRight', 'end', true, 'word'],
  ['editor.cmd_startIn', 'shift+BracketLeft', 'start', false, 'word'],
  ['editor.cmd_endIn', 'shift+BracketRight', 'end', false, 'word'],
  ['editor.cmd_startOutLetter', 'alt+BracketLeft', 'start', true, 'letter'],
  ['editor.cmd_endOutLetter', 'alt+BracketRight', 'end', true, 'letter'],
  ['editor.cmd_startInLetter', 'alt+shift+BracketLeft', 'start', false, 'letter'],
  ['editor.cmd_endInLetter', 'alt+shift+BracketRight', 'end', false, 'letter'],
]

/** The commands that move an edge by the keyboard, the same keys wherever ranges can be changed. */
export const edgeCommands = (
  group: 'span' | 'review',
  when: () => boolean | string,
  move: (edge: Edge, out: boolean, unit: Unit) => void,
): Command[] =>
  moves.map(([title, keys, edge, out, unit]) => ({
    id: `${group}.${edge}.${out ? 'out' : 'in'}.${unit}`,
    title,
    group,
    keys: [keys],
    repeats: true,
    when,
    run: () => move(edge, out, unit),
  }))
