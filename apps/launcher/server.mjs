import { built } from './build.mjs'

/** Node's arguments for the built server with its own. */
export function serverCommand(args) {
  const tether = new URL('./tether.mjs', import.meta.url).href
  return ['--enable-source-maps', '--import', tether, built.server, ...args]
}
