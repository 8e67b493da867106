import { expect, test } from 'vitest'
import { readPlaywright, readVitest } from './reports.mjs'

const assertion = (status, title, failureMessages = []) => ({
  status,
  title,
  ancestorTitles: ['span'],
  failureMessages,
})

test('Vitest: passed, failed and skipped tests are counted, failures are named', () => {
  const assertionResults = [
    assertion('passed', 'touches'),
    assertion('failed', 'overlaps', ['\u001b[31mexpected 1\u001b[39m\n    at span.ts']),
    assertion('skipped', 'nests'),
    assertion('todo', 'cuts'),
  ]
  expect(readVitest({ testResults: [{ name: 'a.test.ts', status: 'failed', assertionResults }] })).toEqual({
    passed: 1,
    failed: 1,
    skipped: 2,
    failures: [{ name: 'a.test.ts › span › overlaps', message: 'expected 1' }],
  })
})

test('Vitest: a property that failed is told with its seed and its case, without the stack', () => {
  const message = `Error: Property failed after 7 tests
{ seed: 42, path: "6:0", endOnFailure: true }
Counterexample: ["г.а"]
Shrunk 3 time(s)

Got AssertionError: expected [ 3 ] to deeply equal []
    at span.ts`
  const { failures } = readVitest({
    testResults: [{ name: 'a.test.ts', status: 'failed', assertionResults: [assertion('failed', 'cuts', [message])] }],
  })
  expect(failures[0]?.message).toBe(message.split('\n').slice(0, 4).join('\n'))
})

test('Vitest: a file that could not be run is one failure', () => {
  const file = { name: 'b.test.ts', status: 'failed', message: 'Cannot find ./x.ts', assertionResults: [] }
  expect(readVitest({ testResults: [file] })).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
    failures: [{ name: 'b.test.ts', message: 'Cannot find ./x.ts' }],
  })
})

test('Playwright: nested suites are counted, and what happened outside tests too', () => {
  const spec = (title, status, errors = []) => ({ title, tests: [{ status, results: [{ errors }] }] })
  const inner = { title: 'review', specs: [spec('refuses', 'unexpected', [{ message: 'no row\nmore' }])], suites: [] }
  const suite = { title: 'a.spec.ts', specs: [spec('marks', 'expected'), spec('later', 'skipped')], suites: [inner] }
  expect(readPlaywright({ suites: [suite], errors: [{ message: 'worker died' }] })).toEqual({
    passed: 1,
    failed: 2,
    skipped: 1,
    failures: [
      { name: 'a.spec.ts › review › refuses', message: 'no row\nmore' },
      { name: 'Playwright', message: 'worker died' },
    ],
  })
})

test('Playwright: a flaky test counts as failed', () => {
  const tests = [{ status: 'flaky', results: [{ errors: [{ message: 'once' }] }, { errors: [] }] }]
  const suite = { title: 'a.spec.ts', specs: [{ title: 'saves', tests }] }
  expect(readPlaywright({ suites: [suite], errors: [] })).toMatchObject({ passed: 0, failed: 1 })
})
