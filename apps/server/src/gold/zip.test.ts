import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '@tamga/model'
import { expect, test } from 'vitest'
import { zipPieces } from './zip.ts'

/** Pieces that do not pack small, the number of those asked for, and whether the walk was ended. */
function pieces(most: number, fails?: Error) {
  const seen = { asked: 0, ended: false }
  async function* walk() {
    try {
      while (seen.asked < most) {
        seen.asked++
        yield { file: 'corpus.jsonl', text: randomBytes(32_768).toString('hex') }
      }
      if (fails) throw fails
      return 'done'
    } finally {
      seen.ended = true
    }
  }
  return { seen, walk: walk() }
}

test('a zip is made no faster than it is taken, and the walk ends when nobody takes it', async () => {
  const { seen, walk } = pieces(10_000)
  const { stream, result } = await zipPieces(walk, new Date())
  await stream[Symbol.asyncIterator]().next()
  let held = 0
  // it comes to rest by itself, after a while on a busy machine
  while (seen.asked !== held) {
    held = seen.asked
    await sleep(300)
  }
  expect(held).toBeLessThan(50)
  stream.destroy()
  await expect(result).rejects.toThrow()
  expect(seen.ended).toBe(true)
})

test('a refusal before the first piece comes before there is a stream', async () => {
  const refusal = new Problem('nothing_to_export')
  await expect(zipPieces(pieces(0, refusal).walk, new Date())).rejects.toBe(refusal)
})

test('an error on the way breaks the stream off: half a file never looks whole', async () => {
  const { walk } = pieces(5, new Error('the database is gone'))
  const { stream, result } = await zipPieces(walk, new Date())
  const take = async () => {
    for await (const chunk of stream) expect(chunk).toBeDefined()
  }
  await expect(take()).rejects.toThrow('the database is gone')
  await expect(result).rejects.toThrow('the database is gone')
})
