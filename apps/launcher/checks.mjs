import { mkdirSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { runNode, stopping } from './children.mjs'
import { root } from './root.mjs'

const cache = join(root, 'node_modules/.cache')
const tool = (path) => join(root, 'node_modules', path)
const lint = 'apps/launcher/lint'
const formatted = [
  '{apps,packages,e2e}/**/*.{ts,mjs,svelte,css,html,json}',
  '*.{json,ts,yaml,md}',
  '!pnpm-lock.yaml',
  '!**/dist/**',
]

/** What `npm run check` runs, the slow ones first: a name, a script of an installed tool, its arguments. */
export const checks = [
  {
    // types: the one program of all that is written here, components too
    name: 'svelte-check',
    script: tool('svelte-check/bin/svelte-check'),
    args: ['--tsgo', '--workspace', 'apps/web', '--fail-on-warnings', '--tsconfig'].concat(
      join(root, 'apps/web/check.tsconfig.json'),
    ),
  },
  {
    name: 'prettier',
    script: tool('prettier/bin/prettier.cjs'),
    args: [
      '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-location',
      join(cache, 'prettier-check'),
      ...formatted,
    ],
  },
  {
    name: 'oxlint',
    script: tool('oxlint/bin/oxlint'),
    args: ['--config', `${lint}/oxlint.json`, '.'],
  },
  {
    name: 'eslint',
    script: tool('eslint/bin/eslint.js'),
    args: ['--config', `${lint}/eslint.mjs`, '--max-warnings', '0', 'apps/web/src'].concat([
      '--cache',
      '--cache-strategy',
      'content',
      '--cache-location',
      join(cache, 'eslint/'),
    ]),
  },
  {
    name: 'dependencies',
    script: tool('dependency-cruiser/bin/dependency-cruise.mjs'),
    args: ['--config', `${lint}/dependencies.mjs`, '--output-type', 'err', 'apps', 'packages', 'e2e'],
  },
  {
    name: 'knip',
    script: tool('knip/bin/knip.js'),
    args: ['--no-progress', '--cache', '--cache-location', join(cache, 'knip')],
  },
  {
    // the packages once more, where neither the DOM nor Node has types
    name: 'tsc-packages',
    script: tool('@typescript/native/bin/tsc'),
    args: ['--noEmit', '--pretty', '-p', 'packages/tsconfig.json'],
  },
]

/**
 * Runs the checks (all, or those named) as many at a time as there are cores, printing each as it ends.
 * Answers `{name, ok, output}` in the order of the list.
 */
export async function runChecks(names = []) {
  mkdirSync(cache, { recursive: true })
  const chosen = checks.filter(({ name }) => names.length === 0 || names.includes(name))
  const results = []
  const waiting = [...chosen.entries()]
  const worker = async () => {
    for (let next = waiting.shift(); next && !stopping(); next = waiting.shift()) {
      results[next[0]] = await runCheck(next[1])
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, os.availableParallelism()) }, worker))
  return results
}

async function runCheck({ name, script, args }) {
  const start = performance.now()
  const { code, output } = await runNode(script, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { FORCE_COLOR: colour() },
  })
  const ok = code === 0
  console.log(`${ok ? '✓' : '✗'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  if (!ok) console.log(output.trimEnd())
  return { name, ok, output }
}

const colour = () => (process.stdout.isTTY ? '1' : '0')
