import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** A TCP port of the loopback address that is free now: this one, if one is named. */
export function freePort(port = 0) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/**
 * A port below those that the system gives to outgoing connections: it stays free while the one who listens on it is
 * killed and others dial in vain.
 */
export async function steadyPort() {
  for (;;) {
    const port = await freePort(randomInt(20_000, 32_000)).catch(() => null)
    if (port !== null) return port
  }
}
