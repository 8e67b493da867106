import { openServerSocket } from './server-socket.ts'
import { exportProject } from './export.ts'
import { link } from './link.ts'
import { move } from './move.ts'

const usage = `tamga: what whoever runs a Tamga server can do from its shell.

  npm run tamga -- link EMAIL                     a one-time sign-in link for an account
  npm run tamga -- export PROJECT --out FILE      the gold corpus of a project, as a zip with its report
      --format jsonl|conll2003   (default jsonl)
      --policy refuse|outermost|longest|priority|columns   (default refuse)
      --include closed|all       articles that are signed off, or all   (default closed)
      --names                    people by name in place of pseudonyms
  npm run tamga -- move --to DATABASE_URL         everything of a data folder into an empty Postgres
  --data DIR                                      the data folder (default data)

  On a data folder that a server has open, the server answers; DATABASE_URL names a Postgres instead.
`

/** Every verb there is, one file each. */
const verbs: Record<string, (args: string[], open: typeof openServerSocket) => Promise<void>> = {
  link,
  export: exportProject,
  move,
}

const [name, ...args] = process.argv.slice(2)
const verb = verbs[name ?? '']
if (!verb) {
  console.log(usage)
  process.exitCode = name === undefined || name === '--help' ? 0 : 2
} else {
  try {
    await verb(args, openServerSocket)
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
