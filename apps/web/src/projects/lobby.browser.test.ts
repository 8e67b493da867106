import { closeCodes } from '@tamga/collab'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lobby } from './lobby.svelte.ts'

/** A socket whose server is the test. */
class Wire {
  static made: Wire[] = []
  onclose: ((event: Pick<CloseEvent, 'code'>) => void) | null = null

  constructor() {
    Wire.made.push(this)
  }

  close() {}
}

const { WebSocket } = globalThis
beforeEach(() => {
  Wire.made = []
  globalThis.WebSocket = Wire as unknown as typeof WebSocket
})
afterEach(() => void (globalThis.WebSocket = WebSocket))

const lobby = () => {
  const shut: true[] = []
  const made = new Lobby(
    'project',
    0,
    () => {},
    () => shut.push(true),
  )
  return { made, shut }
}

test('a lobby that is not mine is told, and not tried again', () => {
  const { made, shut } = lobby()
  Wire.made[0]!.onclose!({ code: closeCodes.notYours })
  expect(shut).toEqual([true])
  expect(Wire.made).toHaveLength(1)
  made.close()
})

test('a lobby that was lost is no refusal, and is tried again', async () => {
  const { made, shut } = lobby()
  Wire.made[0]!.onclose!({ code: closeCodes.again })
  await expect.poll(() => Wire.made.length).toBe(2)
  expect(shut).toEqual([])
  made.close()
})
