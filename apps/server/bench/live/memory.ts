import WebSocket from 'ws'
import { figure, say, type Measure } from './figures.ts'
import type { Generator } from './generator.ts'
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
      await generator.ask('sit', { participants: await server.participants(1, CONNECTIONS), group: 'memory' })
      return CONNECTIONS
    })
    await generator.ask('rise', { group: 'memory' })
    const document = await grown(stage, kind, async (server) => {
      const participants = await server.participants(DOCUMENTS, 1)
      await generator.ask('sit', { participants, group: 'memory' })
      for (const participant of participants)
        await generator.ask('fill', { ...shape, participant, acknowledges: server.acknowledges })
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

/** What a fresh process has in use more for each thing that it was given. */
async function grown(stage: Stage, kind: (typeof kinds)[number], give: (server: Server) => Promise<number>) {
  const inspector = await stage.freePort()
  const server = await startServer(stage, kind, { node: [`--inspect=127.0.0.1:${inspector}`] })
  const before = await inUse(inspector)
  const count = await give(server)
  const bytes = ((await inUse(inspector)) - before) / count
  await server.process.stop()
  return { name: server.name, bytes }
}

/**
 * What a process holds in its heap and beside it, its garbage collected: asked through its inspector. What the system
 * gives a process grows and shrinks by megabytes for reasons of its own.
 */
async function inUse(port: number): Promise<number> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { webSocketDebuggerUrl: string }[]
  const socket = new WebSocket(target!.webSocketDebuggerUrl)
  await new Promise((resolve) => socket.once('open', resolve))
  const ask = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve) => {
      socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString())))
      socket.send(JSON.stringify({ id: 1, method, params }))
    })
  // what one collection lets go of may hold more that the next one finds
  for (let time = 0; time < 3; time++) await ask('HeapProfiler.collectGarbage')
  const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())'
  const { result } = (await ask('Runtime.evaluate', { expression })) as { result: { result: { value: number } } }
  socket.terminate()
  return result.result.value
}
