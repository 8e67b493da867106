import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { lockFolder } from './lock.ts'

// A process that locks a data folder and does what it is told by lines of its standard input, one answer a line.

const [dir, patienceMs, copy] = process.argv.slice(2)

try {
  const lock = await lockFolder(dir!, { takeCopy: copy === 'take-copy', patienceMs: Number(patienceMs) })
  console.log('held')
  for await (const line of createInterface(process.stdin)) {
    if (line === 'release') break
    appendFileSync(join(lock.root, 'written'), `${line}\n`)
    console.log(line)
  }
  lock.release()
} catch (error) {
  console.log((error as Error).message)
}
