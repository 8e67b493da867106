import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { parseArgs } from 'node:util'
import type { ExportReport } from '@tamga/server/console'
import type { openServerSocket } from './server-socket.ts'
import { refusal, summary } from './summary.ts'

/** `tamga export PROJECT --out FILE`: the gold of a project (its id or its name), streamed into a zip with its report,
 * which is told in a few lines. */
export async function exportProject(args: string[], open: typeof openServerSocket): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: 'data' },
      out: { type: 'string' },
      format: { type: 'string', default: 'jsonl' },
      policy: { type: 'string' },
      include: { type: 'string', default: 'closed' },
      names: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const [project] = positionals
  if (!project || !values.out) throw new Error('Say what and where to: tamga export PROJECT --out FILE')
  const { format, policy = null, include, names } = values
  const order = { project, format, policy, include, people: names ? 'names' : 'pseudonyms' }
  const server = await open(values.data)
  try {
    const report = (await (await server.ask('/report', { ...order, cut: null })).json()) as ExportReport
    if (report.refused) throw new Error(refusal(report))
    await save(await server.ask('/export', { ...order, cut: report.cut }), values.out)
    console.log(`${values.out} is written.`)
    for (const line of summary(report)) console.log(line)
  } finally {
    await server.close()
  }
}

// under another name until it is whole: a walk that is cut short leaves no file that looks finished
async function save(answer: Response, file: string): Promise<void> {
  const part = `${file}.part`
  try {
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), createWriteStream(part))
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
