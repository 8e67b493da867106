import { expect, test } from 'vitest'
import { sentenceOf } from './server-socket.ts'
import usage from './usage.txt?raw'

test.each([
  ['malformed', { field: 'format', takes: 'jsonl, conll2003' }, '--format takes one of: jsonl, conll2003.'],
  ['malformed', { field: 'project' }, '--project has a value that cannot be read. --help tells what it takes.'],
  ['not_found', { project: 'Nws', there: 'News (a1)' }, 'There is no project "Nws" here. There are: News (a1).'],
  [
    'not_found',
    { project: 'News', several: 'News (a1), News (b2)' },
    'Several projects are called "News". Name one by its id: News (a1), News (b2).',
  ],
  [
    'not_found',
    { email: 'a@b' },
    'There is no account "a@b" here. Give the e-mail address or sign-in name as the people page shows it.',
  ],
  ['busy', {}, 'The database is busy or away, and nothing was done. Try again in a moment.'],
])('%s %j reads as a sentence that says what is accepted', (code, details, sentence) =>
  expect(sentenceOf(code, details)).toBe(sentence),
)

test('every verb has a section with an example', () => {
  const sections = usage.split(/^== /m).slice(1)
  expect(sections.map((section) => section.split('\n')[0])).toEqual(['link', 'export', 'move'])
  for (const section of sections) expect(section).toContain('Example:')
})
