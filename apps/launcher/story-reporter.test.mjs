import { afterEach, expect, test, vi } from 'vitest'
import StoryReporter from './story-reporter.mjs'

afterEach(() => vi.restoreAllMocks())

test('npm run story tells how far it is, each failure with its seed, and what came of all', () => {
  expect(saidOf(20, [7])).toEqual([
    ...[2, 4, 6].map((played) => `${played} of 20 stories, 0 failed`),
    'FAILED a story, seed 7\n       it never came to rest\n       at step 5',
    ...[8, 10, 12, 14, 16, 18, 20].map((played) => `${played} of 20 stories, 1 failed`),
    '19 passed, 1 failed',
  ])
})

test('an error outside any story counts as a failure of its own', () => {
  expect(saidOf(1, [], [{ message: 'no such module' }])).toEqual([
    '1 of 1 stories, 0 failed',
    'FAILED no such module',
    '1 passed, 1 failed',
  ])
})

/** All lines about so many stories, of which those with some seeds fail. */
function saidOf(count, failing, errors = []) {
  const lines = []
  vi.spyOn(console, 'log').mockImplementation((line) => lines.push(line))
  const reporter = new StoryReporter()
  const stories = Array.from({ length: count }, (_, i) => story(i + 1, failing.includes(i + 1)))
  reporter.onTestModuleCollected({ children: { allTests: () => stories.values() } })
  for (const one of stories) reporter.onTestCaseResult(one)
  reporter.onTestRunEnd([], errors)
  return lines
}

const story = (seed, fails) => ({
  name: `a story, seed ${seed}`,
  result: () => (fails ? { state: 'failed', errors: [{ message: lastWords }] } : { state: 'passed', errors: [] }),
})

const lastWords = 'it never came to rest\nat step 5\n    at settle (story.ts:1:1)'
