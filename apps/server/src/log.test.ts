import pg from 'pg'
import { expect, test } from 'vitest'
import { openLog, withoutPasswords } from './log.ts'

/** What a log says, for programs or for a person. */
function logged(json: boolean, write: (log: ReturnType<typeof openLog>) => void, level: 'info' | 'debug' = 'info') {
  let said = ''
  write(openLog({ json, level }, (text) => (said += text)))
  return said
}

test('a program gets one object a line, with the time, the level and the process', () => {
  const said = logged(true, (log) => log.routine({ status: 200 }, 'request'))
  expect(said.split('\n')).toHaveLength(2)
  expect(JSON.parse(said)).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    pid: process.pid,
    status: 200,
    msg: 'request',
  })
})

test('a person gets short lines, and what happens all the time only on demand', () => {
  const write = (log: ReturnType<typeof openLog>) => {
    log.routine({ status: 200 }, 'request')
    log.warn({ layer: 'abc' }, 'room dropped')
  }
  expect(logged(false, write)).toMatch(/^\d\d:\d\d:\d\d warn {2}room dropped {2}layer=abc\n$/)
  expect(logged(false, write, 'debug')).toMatch(/info {2}request {2}status=200\n.*room dropped/s)
})

test('a bug comes with its stack, a warning without', () => {
  const err = new TypeError('no such thing')
  expect(logged(false, (log) => log.error({ err }, 'a request failed'))).toMatch(
    /a request failed: no such thing\nTypeError: no such thing\n\s+at .*log\.test\.ts/,
  )
  expect(logged(false, (log) => log.warn({ err }, 'later'))).toMatch(/later: no such thing\n$/)
})

test('an error tells neither the row, nor the command, nor the value that it is about', () => {
  const read = () => JSON.parse('Қазақстан' + '"') as never
  const unread = (() => {
    try {
      return read()
    } catch (error) {
      return error
    }
  })()
  const refused = new pg.DatabaseError('invalid input syntax for type uuid: "Қазақстан"', 1, 'error')
  refused.severity = 'ERROR'
  refused.detail = 'Key (email)=(ann@example.org) already exists.'
  refused.code = '22P02'
  const auth = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['secret'] } })
  for (const err of [unread, refused, auth]) {
    const said = logged(true, (log) => log.error({ err }, 'failed'))
    expect(said).not.toMatch(/Қазақстан|ann@|secret/)
  }
  expect(logged(true, (log) => log.error({ err: refused }, 'failed'))).toContain('22P02')
})

test.each([
  ['postgres://ann:secret@db/tamga', 'postgres://ann:***@db/tamga'],
  ['no answer from redis://:se:cr@et@cache:6379, later', 'no answer from redis://:***@cache:6379, later'],
  ['at file:///srv/node_modules/pg@8.1/x.js:3:7 (a@b)', 'at file:///srv/node_modules/pg@8.1/x.js:3:7 (a@b)'],
  ['http://127.0.0.1:4173/articles', 'http://127.0.0.1:4173/articles'],
])('%s is told as %s', (text, told) => {
  expect(withoutPasswords(text)).toBe(told)
  expect(logged(true, (log) => log.info({ err: new Error(text) }, text))).not.toMatch(/secret|cr@et/)
})
