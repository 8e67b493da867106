import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { openSessions } from '../auth/sessions.ts'
import type { Bus } from '../bus.ts'
import { FactNotifier } from '../facts.ts'
import { Metrics } from '../metrics.ts'
import { originsOf } from '../origins.ts'
import type { Services } from '../services.ts'
import { openLive } from './open.ts'
import type { TestRoom } from './test-room.ts'

/** One more server over a test room's database, at an address of its own, with its own way to the others. */
export async function openTestServer(room: TestRoom, bus: Bus) {
  const http = createServer()
  const sockets = new Set<Duplex>()
  http.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const services: Services = {
    ...room.services,
    origins: originsOf(null, port),
    bus,
    notifier: new FactNotifier(bus),
    metrics: new Metrics(),
  }
  // under the cookie that the room's people have
  const live = openLive(
    services,
    openSessions(room.db, { secure: false, port: Number(new URL(room.url).port), demo: true }),
  )
  http.on('upgrade', (request, stream, head) => live.upgrade(request, stream, head))
  return {
    url: `ws://127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    services,
    bus,
    live,
    /** As `kill -9`: nothing more is heard of it, and nobody is told. */
    async kill() {
      http.close()
      for (const socket of sockets) socket.destroy()
      await bus.close()
    },
    async close() {
      await live.close()
      await bus.close()
      for (const socket of sockets) socket.destroy()
      http.close()
    },
  }
}

export type TestServer = Awaited<ReturnType<typeof openTestServer>>
