import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../root.mjs'

/** A rule, a file, and an import there that the rule stops. */
const faults = [
  ['no-cycles', 'packages/model/src/span.ts', './text.ts'],
  ['no-cycles', 'packages/model/src/text.ts', './span.ts'],
  ['no-cycles', 'apps/web/src/ui/menu.ts', './Menu.svelte'],
  ['no-cycles', 'apps/web/src/ui/Menu.svelte', './menu.ts'],
  ['model-imports', 'packages/model/src/a.ts', '../../language/src/index.ts'],
  ['language-imports', 'packages/language/src/a.ts', '../../model/src/index.ts'],
  ['formats-imports', 'packages/formats/src/a.ts', '../../collab/src/index.ts'],
  ['agreement-imports', 'packages/agreement/src/a.ts', '../../language/src/index.ts'],
  ['suggest-imports', 'packages/suggest/src/a.ts', '../../formats/src/index.ts'],
  ['collab-imports', 'packages/collab/src/a.ts', '../../../apps/server/src/live/room.ts'],
  ['packages-are-pure', 'packages/model/src/b.ts', 'node:fs'],
  ['model-libraries', 'packages/model/src/c.ts', 'hono'],
  ['language-libraries', 'packages/language/src/c.ts', 'zod'],
  ['stores-are-leaves', 'apps/server/src/gold/store.ts', '../auth/guard.ts'],
  ['server-order-auth', 'apps/server/src/auth/a.ts', '../projects/members.ts'],
  ['server-order-review', 'apps/server/src/review/a.ts', '../gold/show.ts'],
  ['server-base', 'apps/server/src/db/a.ts', '../auth/store.ts'],
  ['routes-only-in-app', 'apps/server/src/gold/a.ts', '../articles/routes.ts'],
  ['lucia-in-one-file', 'apps/server/src/auth/b.ts', 'lucia'],
  ['yjs-in-three-places', 'apps/server/src/review/b.ts', 'yjs'],
  ['server-alone', 'apps/server/src/a.ts', '../../web/src/api.ts'],
  ['web-sees-only-the-api', 'apps/web/src/a.ts', '../../server/src/problem.ts'],
  ['web-sees-only-types', 'apps/web/src/b.ts', '../../server/src/app.ts'],
  ['web-order-articles', 'apps/web/src/articles/a.ts', '../editor/commands.ts'],
  ['web-base', 'apps/web/src/text/a.ts', '../editor/commands.ts'],
  ['ui-without-domain', 'apps/web/src/ui/a.ts', '../text/selection.ts'],
  ['cli-imports', 'apps/cli/src/a.ts', '../../web/src/api.ts'],
  ['launcher-built-ins', 'apps/launcher/a.mjs', 'zod'],
  ['launcher-alone', 'apps/launcher/b.mjs', '../server/src/problem.ts'],
  ['e2e-sees-pages', 'e2e/a.ts', '../apps/server/src/problem.ts'],
  ['tests-are-ends', 'apps/server/src/b.ts', './gold/gold.test.ts'],
]

const allowed = [
  ['apps/server/src/app.ts', './auth/routes.ts'],
  ['apps/server/src/auth/sessions.ts', 'lucia'],
  ['apps/server/src/articles/import.ts', '../gold/store.ts'],
  ['apps/server/src/review/decide.ts', '../articles/read.ts'],
  ['apps/web/src/text/room.ts', 'yjs'],
  ['packages/formats/src/jsonl.ts', '../../model/src/index.ts'],
]

const libraries = ['zod', 'hono', 'lucia', 'yjs']
let tree
let violations

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'tamga-rules-'))
  write('package.json', JSON.stringify({ name: 'planted', type: 'module' }))
  write('tsconfig.json', '{}')
  for (const name of libraries) write(`node_modules/${name}/index.js`, '')
  const imports = [...faults.map(([, file, to]) => [file, to]), ...allowed]
  for (const [file, to] of imports) if (to.startsWith('.')) write(posix.join(dirname(file), to), '')
  for (const [file, to] of imports) write(file, importing(file, to))
  write('apps/web/src/api.ts', "import type { Api } from '../../server/src/app.ts'\nexport type { Api }\n")
  violations = cruise()
}, 60_000)

afterAll(() => rmSync(tree, { recursive: true, force: true }))

test.each(faults)('%s: %s may not import %s', (rule, file) => {
  expect(stopped(file)).toContain(rule)
})

test.each([...allowed, ['apps/web/src/api.ts', 'the type of the API']])('%s may import %s', (file) => {
  expect(stopped(file)).toEqual([])
})

/** The rules that a file breaks; a cycle is reported at one of its files. */
function stopped(file) {
  const breaks = ({ from, cycle = [] }) => from === file || cycle.some(({ name }) => name === file)
  return violations.filter(breaks).map(({ rule }) => rule.name)
}

function write(path, content) {
  mkdirSync(join(tree, dirname(path)), { recursive: true })
  writeFileSync(join(tree, path), content)
}

function importing(file, to) {
  const line = `import '${to}'\n`
  return file.endsWith('.svelte') ? `<script lang="ts">\n${line}</script>\n` : line
}

function cruise() {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const args = [bin, '--config', join(root, 'apps/launcher/lint/dependencies.mjs'), '--output-type', 'json']
  const { stdout, stderr } = spawnSync(process.execPath, [...args, 'apps', 'packages', 'e2e'], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (!stdout) throw new Error(stderr)
  return JSON.parse(stdout).summary.violations
}
