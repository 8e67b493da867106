import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { afterEach, expect, test, vi } from 'vitest'
import { bodyOf } from './body.ts'

let server: Server
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Serves what `answer` gives, and asks for it. */
async function ask(answer: () => Promise<Readable>) {
  const listener = getRequestListener(async () => new Response(bodyOf(await answer())))
  server = createServer((request, response) => void listener(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const request = get({ port: (server.address() as AddressInfo).port })
  request.on('error', () => undefined)
  return request
}

test('whoever leaves before the first byte ends the stream and harms nobody', async () => {
  const left = new PassThrough()
  const stream = new PassThrough()
  const request = await ask(async () => {
    left.resume()
    await once(left, 'end')
    stream.write('bytes that nobody takes')
    return stream
  })
  const [incoming] = (await once(server, 'request')) as [IncomingMessage]
  request.destroy()
  await once(incoming.socket, 'close')
  left.end()
  await once(stream, 'close')
  expect(stream.destroyed).toBe(true)
})

test('an error on the way breaks the connection off: half an archive never looks whole', async () => {
  vi.spyOn(console, 'error').mockReturnValueOnce() // it is logged
  const request = await ask(async () => {
    async function* walk() {
      yield Buffer.from('the first half')
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw new Error('the database is gone')
    }
    return Readable.from(walk())
  })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  const take = async () => {
    for await (const chunk of answer) expect(String(chunk)).toBe('the first half')
  }
  await expect(take()).rejects.toThrow()
})
