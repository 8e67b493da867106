import { flushSync } from 'svelte'
import { expect, test } from 'vitest'
import { handOver, takeOver } from './hand-over.svelte.ts'

const file = (name: string) => new File(['text'], name)

test('files are taken once, those from before and those that come while somebody stands there', () => {
  const taken: string[][] = []
  handOver([file('early.txt')])
  const leave = $effect.root(() => takeOver((files) => taken.push(files.map(({ name }) => name))))
  flushSync()
  handOver([file('late.txt')])
  flushSync()
  leave()
  expect(taken).toEqual([['early.txt'], ['late.txt']])
})
