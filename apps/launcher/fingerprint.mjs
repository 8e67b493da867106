import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/** SHA-256 over names and contents of files, given relative to the root; a missing file counts as empty. */
export function fingerprint(files) {
  const hash = createHash('sha256')
  for (const file of [...files].sort()) {
    hash.update(`${file}\0`)
    if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)))
    hash.update('\0')
  }
  return hash.digest('hex')
}

/** Folders of what is installed, built or written by a check. */
const foreign = ['node_modules', 'dist', '.svelte-check']

/** Files under a folder, relative to the root, without dependencies and generated files; `wanted` sees each path. */
export function filesUnder(folder, wanted = () => true) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return foreign.includes(entry.name) ? [] : filesUnder(path, wanted)
    return wanted(path) ? [path] : []
  })
}
