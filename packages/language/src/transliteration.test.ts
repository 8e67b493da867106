import fc from 'fast-check'
import { expect, test } from 'vitest'
import { slug } from './transliteration.ts'

test.each([
  ['Ақтөбеде «Белсенді қоғам»', 'aqtobede-belsendi-qogam'],
  ['Щука, объезд и чаща: ёж', 'shchuka-obezd-i-chashcha-yozh'],
  ['Жас ұлан – һ', 'zhas-ulan-h'],
  ['Café Straße № 5', 'cafe-strasse-no-5'],
  ['  --  ', 'untitled'],
  ['漢字', 'untitled'],
  ['CON', 'con-file'],
  ['../../etc/passwd', 'etc-passwd'],
  ['слово '.repeat(20), 'slovo-slovo-slovo-slovo-slovo-slovo-slovo-slovo-slovo-slovo'],
  ['я'.repeat(100), 'ya'.repeat(30)],
])('%s is %s', (text, expected) => expect(slug(text)).toBe(expected))

test('is always a safe name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      expect(slug(text)).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(slug(text).length).toBeLessThanOrEqual(60)
    }),
  )
})
