import { expect, test } from 'vitest'
import { mustBeWritable } from './writable.mjs'

test('a folder that cannot be written is named, with a way out', () => {
  expect(() => mustBeWritable()).not.toThrow()
  // not even root writes there
  expect(() => mustBeWritable('/proc/nowhere')).toThrow(
    /may not write into \/proc\/nowhere \(E[A-Z]+\)\. .*copy the folder to a place of your own/,
  )
})
