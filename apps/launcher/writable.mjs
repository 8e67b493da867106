import { accessSync, constants } from 'node:fs'
import { root } from './root.mjs'
import { Stop } from './stop.mjs'

/** Installing and building write into the repository's folder. Throws a Stop where that is not allowed. */
export function mustBeWritable(folder = root) {
  try {
    accessSync(folder, constants.W_OK)
  } catch ({ code }) {
    throw new Stop(
      `Tamga has to install or build and may not write into ${folder} (${code}). ` +
        'Give yourself the right to, or copy the folder to a place of your own and start there.',
    )
  }
}
