import { stripVTControlCharacters } from 'node:util'

/**
 * What a runner's JSON report says: `{passed, failed, skipped, failures}`, a failure being `{name, message}`.
 * A file that could not be run at all counts as one failed test.
 */
export function readVitest(report) {
  const tests = report.testResults.flatMap((file) => {
    const name = (test) => `${file.name} › ${[...test.ancestorTitles, test.title].join(' › ')}`
    const own = file.assertionResults.map((test) => ({
      status: test.status,
      name: name(test),
      message: test.failureMessages?.[0] ?? '',
    }))
    const broken = file.status === 'failed' && own.every(({ status }) => status !== 'failed')
    return broken ? [...own, { status: 'failed', name: file.name, message: file.message }] : own
  })
  return count(tests)
}

/** The same of Playwright's report; a test that passed only on a second try counts as failed. */
export function readPlaywright(report) {
  const tests = report.suites.flatMap((suite) => specs(suite, []))
  const broken = report.errors.map(({ message }) => ({ status: 'failed', name: 'Playwright', message }))
  return count([...tests, ...broken])
}

function specs(suite, above) {
  const path = suite.title ? [...above, suite.title] : above
  const own = suite.specs.flatMap((spec) =>
    spec.tests.map((test) => ({
      status: { expected: 'passed', skipped: 'skipped' }[test.status] ?? 'failed',
      name: [...path, spec.title].join(' › '),
      message: test.results.flatMap(({ errors }) => errors)[0]?.message ?? '',
    })),
  )
  return [...own, ...(suite.suites ?? []).flatMap((child) => specs(child, path))]
}

function count(tests) {
  const failures = tests.filter(({ status }) => status === 'failed')
  const passed = tests.filter(({ status }) => status === 'passed').length
  return {
    passed,
    failed: failures.length,
    skipped: tests.length - passed - failures.length,
    failures: failures.map(({ name, message }) => ({ name, message: gist(message) })),
  }
}

/** What a message says before its stack, at most four lines: of a property that failed also its seed and its case. */
export function gist(message = '') {
  const lines = stripVTControlCharacters(message).trim().split('\n')
  const stack = lines.findIndex((line) => /^\s+at /.test(line))
  const said = lines.slice(0, stack < 0 ? undefined : stack).filter((line) => line.trim())
  return said.slice(0, 4).join('\n')
}
