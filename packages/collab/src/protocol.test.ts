import { expect, test } from 'vitest'
import { decodeAwareness, encodeAwareness, readPresence, readSharedPresence } from './presence.ts'
import { decodeMessage, encodeMessage, type Message } from './protocol.ts'
import { readKey } from './record.ts'

const bytes = new Uint8Array([1, 2, 3])
const messages: Message[] = [
  { type: 'step1', vector: bytes },
  { type: 'step2', update: bytes },
  { type: 'update', update: bytes },
  { type: 'awareness', update: bytes },
  { type: 'queryAwareness' },
  { type: 'ack', count: 300 },
  {
    type: 'refusal',
    refusal: { key: 'AAAAAAAAAAAAAAAA/label', code: 'label_unknown', details: { code: 'ТҰЛҒА' }, aside: 'an-id' },
  },
  { type: 'fact', fact: { scope: 'project/p', n: 7, kind: 'decided', payload: { annotation: 'a' } } },
  { type: 'here', here: { article: ['one', 'two'] } },
  { type: 'disk', full: true },
  { type: 'disk', full: false },
]

test.each(messages.map((message) => [message.type, message] as const))(
  '%s arrives as it was sent',
  (_type, message) => {
    expect(decodeMessage(encodeMessage(message))).toEqual(message)
  },
)

test.each(messages.map((message) => [message.type, message] as const))(
  '%s cut short or too long is nothing',
  (_type, message) => {
    const frame = encodeMessage(message)
    expect(decodeMessage(new Uint8Array([...frame, 0]))).toBeNull()
    for (let length = 0; length < frame.length; length++) expect(decodeMessage(frame.slice(0, length))).toBeNull()
  },
)

test.each([
  ['an unknown number', [9, 1]],
  ['an unknown sync message', [0, 7, 1, 0]],
  ['JSON of another shape', [121, 2, 91, 93]],
  ['no JSON', [122, 1, 123]],
  ['a disk that is neither full nor not', [124, 2]],
])('%s is nothing', (_name, frame) => expect(decodeMessage(new Uint8Array(frame))).toBeNull())

test('an awareness message is read entry by entry, or not at all', () => {
  const body = encodeAwareness([
    { client: 2 ** 31 + 5, clock: 3, state: { at: [1, 2], chosen: null } },
    { client: 7, clock: 1, state: null },
  ])
  expect(decodeAwareness(body)).toMatchObject([
    { client: 2 ** 31 + 5, state: { at: [1, 2] } },
    { client: 7, state: null },
  ])
  expect(decodeAwareness(body.slice(0, -1))).toBeNull()
  expect(decodeAwareness(encodeAwareness([]))).toEqual([])
})

test.each([
  [
    { at: [3, 1], chosen: 'AAAAAAAAAAAAAAAA' },
    { at: [3, 1], chosen: 'AAAAAAAAAAAAAAAA' },
  ],
  [
    { at: [-1, 2], chosen: '<script>' },
    { at: null, chosen: null },
  ],
  ['anything', { at: null, chosen: null }],
  [
    { at: [1, 2], name: 'Somebody Else', account: 'x' },
    { at: [1, 2], chosen: null },
  ],
])('of %j only a place is read', (state, presence) => expect(readPresence(state)).toEqual(presence))

test('who it is must be said by the server', () => {
  expect(readSharedPresence({ at: [1, 2], chosen: null })).toBeNull()
  const shared = { account: 'a', name: 'Айгүл', colour: 3, at: null, chosen: null }
  expect(readSharedPresence(shared)).toEqual(shared)
})

test.each([
  ['AAAAAAAAAAAAAAAA', { id: 'AAAAAAAAAAAAAAAA', field: null }],
  ['AAAAAAAAAAAAAAAA/a/number', { id: 'AAAAAAAAAAAAAAAA', field: 'a/number' }],
  ['AAAAAAAAAAAAAAAA/a/__proto__', null],
  ['AAAAAAAAAAAAAAAA/', null],
  ['AAAAAAAAAAAAAAAAlabel', null],
  ['short/label', null],
])('key %s', (key, parts) => expect(readKey(key)).toEqual(parts))
