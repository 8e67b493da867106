import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatById, formatIds, formats } from './index.ts'
import { policies } from './policy.ts'

test('every folder of a format has its line in the list, and every line its folder', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual([...formatIds].sort())
})

test.each(formats.map((format) => [format.id, format] as const))(
  '%s is found by its id and known to its page',
  (id, format) => {
    expect(formatById(id)).toBe(format)
    expect(readdirSync(`${import.meta.dirname}/${id}`)).toContain('FORMAT.md')
    expect(format.policies[0]).toBe('refuse')
    expect(policies).toEqual(expect.arrayContaining([...format.policies]))
  },
)
