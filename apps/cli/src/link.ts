import { parseArgs } from 'node:util'
import type { openServerSocket } from './server-socket.ts'

/** `tamga link EMAIL`: a one-time link for whoever is locked out of their own server. */
export async function link(args: string[], open: typeof openServerSocket): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: { data: { type: 'string', default: 'data' } },
    allowPositionals: true,
  })
  const [email] = positionals
  if (!email) throw new Error('Say for whom: tamga link EMAIL')
  const server = await open(values.data)
  try {
    const { url } = (await (await server.ask('/link', { email })).json()) as { url: string }
    console.log(url)
  } finally {
    await server.close()
  }
}
