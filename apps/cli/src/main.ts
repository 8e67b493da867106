import { exportProject } from './export.ts'
import { link } from './link.ts'
import { move } from './move.ts'
import { openServerSocket } from './server-socket.ts'
import usage from './usage.txt?raw'

/** Every verb there is, one file each, and a section of usage.txt. */
const verbs: Record<string, (args: string[], open: typeof openServerSocket) => Promise<void>> = {
  link,
  export: exportProject,
  move,
}

const [head, ...sections] = usage.split(/^== /m)
const [name, ...args] = process.argv.slice(2)
const verb = verbs[name ?? '']
if (!verb) {
  console.log(head)
  process.exitCode = name === undefined || name === '--help' ? 0 : 2
} else if (args.includes('--help')) {
  console.log(sections.find((section) => section.startsWith(`${name}\n`))!.slice(name!.length + 1))
} else {
  try {
    await verb(args, openServerSocket)
  } catch (error) {
    console.error(isMistyped(error) ? mistyped(error.message) : (error as Error).message)
    process.exitCode = 1
  }
}

// function declarations, since they are used above
function isMistyped(error: unknown): error is Error {
  return String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
}

/** The first sentence of what parseArgs says, and where what is accepted is told. */
function mistyped(message: string): string {
  return `${message.split(/\.(?: |$)/)[0]}. npm run tamga -- ${name} --help tells what it takes.`
}
