import { decodeAwareness, encodeAwareness } from '@tamga/collab'
import { expect, test } from 'vitest'
import { RoomPresence } from './room-presence.ts'
import { Participant } from './participant.ts'

const participant = () =>
  new Participant({ account: { id: 'anna', name: 'Anna', colour: 0 } } as Participant['connection'], 0)
const at = (clock: number, from: number) =>
  decodeAwareness(encodeAwareness([{ client: 2000, clock, state: { at: [from, from + 1], chosen: null } }]))![0]!
const shown = (presence: RoomPresence) => decodeAwareness(presence.own())!.map(({ clock, state }) => [clock, state])

test('what was said first and arrives last does not count', () => {
  const presence = new RoomPresence()
  const one = participant()
  presence.put(one, at(2, 5))
  presence.put(one, at(1, 0))
  expect(shown(presence)).toMatchObject([[2, { at: [5, 6], account: 'anna' }]])
  presence.put(one, at(3, 7))
  expect(shown(presence)).toMatchObject([[3, { at: [7, 8] }]])
})

test('nothing that was said before a goodbye takes it back', () => {
  const presence = new RoomPresence()
  const one = participant()
  presence.put(one, at(1, 5))
  presence.put(one, { client: 2000, clock: 3, state: null })
  presence.put(one, at(2, 0))
  expect(shown(presence)).toEqual([])
  presence.put(one, at(4, 7))
  expect(shown(presence)).toMatchObject([[4, { at: [7, 8] }]])
})

test('another connection begins to count anew', () => {
  const presence = new RoomPresence()
  presence.put(participant(), at(9, 5))
  presence.put(participant(), at(1, 0))
  expect(shown(presence)).toMatchObject([[1, { at: [0, 1] }]])
})
