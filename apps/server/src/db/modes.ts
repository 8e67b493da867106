import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What is left open to other users of the machine after tightening, and how much was open before. */
export interface Modes {
  /** Files and folders that others could read or write, and now cannot. */
  readonly tightened: number
  /** One path that stays open to others, since its mode cannot be changed; null if there is none. */
  readonly loose: string | null
}

/** What a group or everybody may do. */
const OTHERS = 0o077

/**
 * Takes a data folder, and all in it, from everybody but its owner: folders 0700, files 0600. Follows no links out of it.
 * Nothing on Windows, whose folders have no such modes. Costs one look at each file.
 */
export function tightenModes(folder: string): Modes {
  if (process.platform === 'win32') return { tightened: 0, loose: null }
  let tightened = 0
  let loose: string | null = null
  const tighten = (path: string, mode: number) => {
    if ((mode & OTHERS) === 0) return
    if (tightenOne(path, mode)) tightened++
    else loose ??= path
  }
  // the folder itself may be reached through a link
  tighten(folder, statSync(folder).mode)
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, path)
    const stat = lstatSync(file, { throwIfNoEntry: false })
    if (stat?.isFile() || stat?.isDirectory()) tighten(file, stat.mode)
  }
  return { tightened, loose }
}

/** Looks again: a file system without modes takes the order and does nothing. */
function tightenOne(path: string, mode: number): boolean {
  try {
    chmodSync(path, mode & 0o7777 & ~OTHERS)
    return (statSync(path).mode & OTHERS) === 0
  } catch {
    return false
  }
}
