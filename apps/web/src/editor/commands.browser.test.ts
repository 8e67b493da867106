import { expect, test } from 'vitest'
import { commands } from '../commands/index.ts'
import { clashesOf, inLabelRange } from '../commands/keys.ts'
import { articleOf, keeping, Line } from '../text/line.fixture.ts'
import { Room } from '../text/room.svelte.ts'
import { editorCommands } from './commands.ts'
import { Editing } from './editing.svelte.ts'

test('commands of the editor keep to keys of their own, outside the labels’ range', () => {
  const room = new Room(articleOf(), {
    me: 'me',
    reload: async () => articleOf(),
    socket: new Line().Socket,
    ...keeping(),
  })
  const all = [...commands, ...editorCommands(new Editing(room))]
  expect(clashesOf(all)).toEqual([])
  expect(inLabelRange(all)).toEqual([])
  room.dispose()
})
