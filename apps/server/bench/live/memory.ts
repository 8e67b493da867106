import WebSocket from 'ws'
import { figure, say, type Measure } from './figures.ts'
import type { Generator } from './generator.ts'
import { memoryOf } from './machine.ts'
import { kinds, startServer, type Server } from './servers.ts'
import type { Stage } from './stage.ts'

const CONNECTIONS = 500
const DOCUMENTS = 4
const shape = { annotations: 10_000, changes: 0, each: 500 }

/** What a server keeps for a connection that does nothing, and for a large document that somebody has open. */
export async function memory(stage: Stage, generator: Generator): Promise<Measure[]> {
  const measures: Measure[] = []
  for (const kind of kinds) {
    const connection = await grown(stage, kind, async (server) => {
      await generator.ask('sit', { seats: await server.seats(1, CONNECTIONS), group: 'memory' })
      return CONNECTIONS
    })
    await generator.ask('rise', { group: 'memory' })
    const document = await grown(stage, kind, async (server) => {
      const seats = await server.seats(DOCUMENTS, 1)
      await generator.ask('sit', { seats, group: 'memory' })
      for (const seat of seats) await generator.ask('fill', { ...shape, seat, acknowledges: server.acknowledges })
      return DOCUMENTS
    })
    await generator.ask('rise', { group: 'memory' })
    measures.push(
      figure(`${connection.name}: memory of an idle connection`, connection.bytes / 1024, 'KB'),
      figure(`${connection.name}: memory of a document of 10,000 records`, document.bytes / 1024 ** 2, 'MB'),
    )
    say(`  ${connection.name}: ${connection.bytes.toFixed(0)} bytes, ${document.bytes.toFixed(0)} bytes`)
  }
  return measures
}

/** By how much a fresh process grew for each thing that it was given, its garbage collected before and after. */
async function grown(stage: Stage, kind: (typeof kinds)[number], give: (server: Server) => Promise<number>) {
  const inspector = await stage.freePort()
  const server = await startServer(stage, kind, { node: [`--inspect=127.0.0.1:${inspector}`] })
  try {
    const { pid } = server.process
    await collect(inspector)
    const before = memoryOf(pid)
    const count = await give(server)
    await collect(inspector)
    return { name: server.name, bytes: (memoryOf(pid) - before) / count }
  } finally {
    await server.process.stop()
  }
}

/** Has a process collect its garbage, through its inspector. */
async function collect(port: number): Promise<void> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { webSocketDebuggerUrl: string }[]
  const socket = new WebSocket(target!.webSocketDebuggerUrl)
  await new Promise((resolve) => socket.once('open', resolve))
  for (let id = 1; id <= 2; id++) {
    socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }))
    await new Promise((resolve) => socket.once('message', resolve))
  }
  socket.terminate()
}
