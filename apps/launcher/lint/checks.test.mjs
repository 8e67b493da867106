import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../root.mjs'

const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
let folder

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tamga-checks-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the types of a package know neither the DOM nor Node, but the encoders', () => {
  write('pure.ts', 'export const bytes = new TextEncoder().encode("")\nexport const page = document\nprocess.exit()\n')
  const packages = join(root, 'packages')
  const include = [join(packages, 'globals.d.ts'), 'pure.ts']
  write('tsconfig.json', JSON.stringify({ extends: join(packages, 'tsconfig.json'), include }))
  const { status, said } = node(tsc, '--noEmit', '-p', folder)
  expect(said.match(/Cannot find name '\w+'/g)).toEqual(["Cannot find name 'document'", "Cannot find name 'process'"])
  expect(status).not.toBe(0)
})

test('oxlint asks for types in modules and tests, and for known names in scripts', () => {
  const source = 'async function load() {}\nload()\nexport const isOne = (n: number) => n == 1\n'
  write('module.ts', source)
  write('module.test.ts', source)
  write('script.mjs', 'unheard()\n')
  write('tsconfig.json', JSON.stringify({ compilerOptions: { strict: true, noEmit: true, types: [] } }))
  const { status, said } = node(oxlint, '--config', join(root, 'apps/launcher/lint/oxlint.json'), '-f', 'unix', folder)
  for (const file of ['module.ts', 'module.test.ts'])
    for (const rule of ['eqeqeq', 'no-floating-promises']) expect(said).toMatch(new RegExp(`${file}:.*\\(${rule}\\)`))
  expect(said).toMatch(/script\.mjs:.*\(no-undef\)/)
  expect(status).not.toBe(0)
})

const write = (name, text) => writeFileSync(join(folder, name), text)

function node(script, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: root, encoding: 'utf8' })
  return { status, said: stdout + stderr }
}
