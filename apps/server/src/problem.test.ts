import { Problem } from '@tamga/model'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { openLog } from './log.ts'
import { DiskState } from './db/disk.ts'
import { answerErrors } from './problem.ts'

/** What a browser gets, and what the log, when a route throws. */
async function thrown(error: Error) {
  let log = ''
  const app = new Hono()
  app.onError(
    answerErrors(
      openLog({ json: true, level: 'info' }, (line) => (log += line)),
      new DiskState(),
    ),
  )
  app.get('/it', () => {
    throw error
  })
  const response = await app.request('/it?token=secret')
  return { status: response.status, text: await response.text(), log }
}

test('a bug is an internal error to the browser and a stack to the log', async () => {
  const { status, text, log } = await thrown(new TypeError('cannot read «Ақтөбе»'))
  expect(status).toBe(500)
  expect(JSON.parse(text)).toEqual({ code: 'internal', details: {}, data: null })
  expect(log).toContain('problem.test.ts')
  expect(log).not.toContain('secret')
})

test('what the database says of a row stays out of both', async () => {
  const error = Object.assign(new Error('duplicate key value violates unique constraint "k"'), {
    code: '23505',
    detail: 'Key (email)=(ann@example.org) already exists.',
  })
  const { status, text, log } = await thrown(error)
  expect([status, text.includes('constraint'), log.includes('ann@example.org')]).toEqual([500, false, false])
})

test.each(['53100', '58030', '25006', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])(
  'a disk that takes no writes (%s) is named as that, with a status of its own',
  async (code) => {
    const { status, text, log } = await thrown(Object.assign(new Error('no'), { code }))
    expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([507, 'disk_full'])
    expect(log).not.toContain('problem.test.ts')
  },
)

test.each(['ECONNREFUSED', '57P03', '53300', '40P01', '55P03'])(
  'a database that is away or busy (%s) asks to wait',
  async (code) => {
    const { status, text, log } = await thrown(Object.assign(new Error('no'), { code }))
    expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([503, 'busy'])
    expect(log).not.toContain('problem.test.ts')
  },
)

test('a refusal travels as what it is, unlogged', async () => {
  const { status, text, log } = await thrown(new Problem('not_found', { id: 'x' }))
  expect([status, log]).toEqual([404, ''])
  expect(JSON.parse(text)).toEqual({ code: 'not_found', details: { id: 'x' }, data: null })
})
