import { afterEach, expect, test } from 'vitest'
import type { Command } from './command.ts'
import { commands } from './index.ts'
import { clashesOf, commandOf, inLabelRange } from './keys.ts'

const save: Command = { id: 'save', title: 'common.save', group: 'app', keys: ['mod+KeyS'], run: () => {} }
const next: Command = { id: 'next', title: 'common.more', group: 'app', keys: ['ArrowRight'], run: () => {} }
const find: Command = {
  id: 'find',
  title: 'common.add',
  group: 'app',
  keys: ['mod+KeyK'],
  inFields: true,
  run: () => {},
}
const help: Command = { id: 'help', title: 'common.done', group: 'app', keys: ['char:?'], run: () => {} }
const never: Command = { ...next, id: 'never', when: () => 'not today' }

/** The press as the browser tells it, at a target of this kind. */
function press(init: KeyboardEventInit, tag = 'div'): KeyboardEvent {
  const target = document.body.appendChild(document.createElement(tag))
  const event = new KeyboardEvent('keydown', { bubbles: true, ...init })
  target.dispatchEvent(event)
  return event
}
const meant = (event: KeyboardEvent, list = [save, next, find, help]) => commandOf(event, list)?.id ?? null

afterEach(() => document.body.replaceChildren())

test('a key is a place: the Cyrillic letter on it does not matter', () => {
  expect(meant(press({ code: 'KeyS', key: 'ы', ctrlKey: true }))).toBe('save')
})

test('other modifiers are other keys', () => {
  expect(meant(press({ code: 'KeyS', key: 's' }))).toBe(null)
  expect(meant(press({ code: 'ArrowRight', key: 'ArrowRight', shiftKey: true }))).toBe(null)
})

test('a character is found wherever a layout keeps it', () => {
  expect(meant(press({ code: 'Digit7', key: '?', shiftKey: true }))).toBe('help')
  expect(meant(press({ code: 'Slash', key: '?', shiftKey: true }))).toBe('help')
})

test('while somebody writes, only commands that say so are meant', () => {
  expect(meant(press({ code: 'ArrowRight', key: 'ArrowRight' }, 'textarea'))).toBe(null)
  expect(meant(press({ code: 'KeyK', key: 'л', ctrlKey: true }, 'input'))).toBe('find')
})

test('what cannot run leaves its key to another', () => {
  expect(meant(press({ code: 'ArrowRight', key: 'ArrowRight' }), [next, never])).toBe('next')
  expect(meant(press({ code: 'ArrowRight', key: 'ArrowRight' }), [never])).toBe(null)
})

test('a held key repeats only what wants to', () => {
  const held = press({ code: 'ArrowRight', key: 'ArrowRight', repeat: true })
  expect(meant(held)).toBe(null)
  expect(meant(held, [{ ...next, repeats: true }])).toBe('next')
})

test('two commands on one key are told by name', () => {
  expect(clashesOf([next, never])).toEqual([{ keys: 'ArrowRight', ids: ['next', 'never'] }])
})

test('the commands of every page neither clash nor take a label key', () => {
  expect(clashesOf(commands)).toEqual([])
  expect(inLabelRange(commands)).toEqual([])
})
