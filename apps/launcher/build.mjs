import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runNode } from './children.mjs'
import { filesUnder, fingerprint } from './fingerprint.mjs'
import { root } from './root.mjs'
import { Stop } from './stop.mjs'
import { mustBeWritable } from './writable.mjs'

const stamp = join(root, 'apps/server/dist/.sources')

/** Files that `npm start` and `npm run tamga` run. */
export const built = { server: join(root, 'apps/server/dist/main.js'), tamga: join(root, 'apps/server/dist/tamga.js') }

/** Builds pages, server and command line, unless no source changed since they were built. */
export async function build() {
  const wanted = fingerprint(sources())
  if (upToDate(wanted)) return
  mustBeWritable()
  console.error('Building …')
  unstamp()
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const { code } = await runNode(vite, ['build', '--app', '--logLevel', 'warn'], {
    env: { NODE_ENV: 'production' },
    stdio: ['ignore', process.stderr, 'inherit'],
  })
  if (code !== 0)
    throw new Stop(
      'The build into apps/web/dist and apps/server/dist failed (see above). ' +
        'If no source was changed by you, delete node_modules and start again.',
    )
  writeFileSync(stamp, wanted)
}

/** Has the next `npm start` build anew. */
export const unstamp = () => rmSync(stamp, { force: true })

function upToDate(wanted) {
  const outputs = [...Object.values(built), join(root, 'apps/web/dist/index.html')]
  return outputs.every((file) => existsSync(file)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
}

function sources() {
  const wanted = (path) => !/\.test\.ts$|\/(bench|faults)\//.test(path)
  const folders = ['apps/cli', 'apps/server', 'apps/web', 'packages'].flatMap((folder) => filesUnder(folder, wanted))
  return ['vite.config.ts', 'tsconfig.json', 'pnpm-lock.yaml', ...filesUnder('seeds'), ...folders]
}
