import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openConsole } from './console.ts'
import { openTestApp, type TestApp } from './test-app.ts'

let app: TestApp
beforeAll(async () => {
  app = await openTestApp()
})
afterAll(() => app.close())

test('the console closes though somebody is still speaking to it, and leaves no socket', async () => {
  const console = await openConsole(app.services)
  const caller = createConnection(console.path)
  caller.on('error', () => undefined)
  await once(caller, 'connect')
  caller.write('POST /link HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{')
  await new Promise((resolve) => setTimeout(resolve, 100))
  const cut = once(caller, 'close')
  await console.close()
  await cut
  expect(existsSync(console.path)).toBe(false)
})
