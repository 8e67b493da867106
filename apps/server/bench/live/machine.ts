import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second, whatever the kernel was built with. */
const TICKS = 100

/** CPU seconds that a process has used so far, all of its threads together. */
export const cpuOf = (pid: number): number => cpuIn(fieldsOf(pid), 11)

/** The same for a process with the children it has and had. */
export function cpuWithChildren(parent: number): number {
  const own = fieldsOf(parent)
  const living = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [childOf(parent, Number(name))] : []))
  return living.reduce((sum, seconds) => sum + seconds, cpuIn(own, 11) + cpuIn(own, 13))
}

export const parentOf = (pid: number): number => Number(fieldsOf(pid)[1])

function childOf(parent: number, pid: number): number {
  try {
    const fields = fieldsOf(pid)
    return Number(fields[1]) === parent ? cpuIn(fields, 11) : 0
  } catch {
    // it ended meanwhile
    return 0
  }
}

const cpuIn = (fields: readonly string[], at: number): number => (Number(fields[at]) + Number(fields[at + 1])) / TICKS

/** The fields of a process's line behind its name, which may hold spaces. */
const fieldsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
