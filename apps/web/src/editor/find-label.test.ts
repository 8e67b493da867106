import { expect, test } from 'vitest'
import { labels } from '../text/line.fixture.ts'
import { findLabels } from './find-label.ts'

const choosable = labels.labels
  .filter((label) => !label.group && !label.retired)
  .map((label) => (label.id === 'city' ? { ...label, name: { en: 'Town', ru: 'Город', kk: 'Қала' } } : label))
const find = (query: string, recent: string[] = []) =>
  findLabels(choosable, query, recent, ({ name }) => name.ru).map(({ label, by }) =>
    by ? `${label.code} ${by}` : label.code,
  )

test.each([
  ['го', ['CITY']],
  ['CI', ['CITY']],
  ['кала', ['CITY Қала']],
  ['tow', ['CITY Town']],
  ['по-русски', ['PER', 'EVT', 'ORD', 'FAR', 'BARE']],
  ['нет такого', []],
])('«%s» finds %j', (query, expected) => expect(find(query)).toEqual(expected))

test('without a query the labels used last come first', () => {
  expect(find('', ['evt', 'gone'])).toEqual(['EVT', 'PER', 'CITY', 'ORD', 'FAR', 'BARE'])
})
