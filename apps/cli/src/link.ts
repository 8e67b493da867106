import { parseArgs } from 'node:util'
import type { openDoor } from './door.ts'

/** `tamga link EMAIL`: a one-time link for whoever is locked out of their own server. */
export async function link(args: string[], open: typeof openDoor): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: { data: { type: 'string', default: 'data' } },
    allowPositionals: true,
  })
  const [email] = positionals
  if (!email) throw new Error('Say for whom: tamga link EMAIL')
  const door = await open(values.data)
  try {
    const { url } = (await (await door.ask('/link', { email })).json()) as { url: string }
    console.log(url)
  } finally {
    await door.close()
  }
}
