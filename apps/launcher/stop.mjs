import { finish, stopping } from './children.mjs'

/** Ends the command with one sentence for the person at the keyboard, without a stack. */
export class Stop extends Error {}

/** Something this machine lacks: a failure where nobody can install it later (CI), a skipped stage elsewhere. */
export class Missing extends Stop {}

/** Runs a command's body, then undoes what is left; prints a Stop's sentence, and the whole of any other error. */
export async function command(body) {
  try {
    process.exitCode = await body()
  } catch (error) {
    // what Ctrl-C broke off did not fail
    if (stopping()) return
    console.error(error instanceof Stop ? error.message : isMistyped(error) ? mistyped(error) : error)
    process.exitCode = 1
  } finally {
    await finish()
  }
}

/** The first sentence of what parseArgs says, and where what is accepted is told. */
const mistyped = ({ message }) => `${message.split(/\.(?: |$)/)[0]}. With --help this command tells what it takes.`

/** parseArgs threw it, and its message is for whoever typed the options. */
const isMistyped = (error) => String(error?.code).startsWith('ERR_PARSE_ARGS')
