import { expect, test } from 'vitest'
import { bothCaps, capOf, layoutOf, type Layout } from './caps.ts'

test.each<[string, Layout, string]>([
  ['KeyA', 'qwerty', 'A·Ф'],
  ['KeyA', 'ru', 'A·Ф'],
  ['KeyA', 'kk', 'A·Ф'],
  ['Digit2', 'ru', '2'],
  ['Digit2', 'kk', '2·Ә'],
  ['BracketLeft', 'ru', '[·Х'],
  ['Enter', 'ru', 'Enter'],
])('%s for a reader of %s is drawn %s', (code, layout, caps) => expect(bothCaps(code, layout)).toBe(caps))

test.each<[string, Layout, string | null]>([
  ['KeyK', 'ru', 'Л'],
  ['KeyK', 'qwerty', 'K'],
  ['Minus', 'kk', 'Ө'],
  ['ArrowLeft', 'kk', null],
])('%s in %s carries %s', (code, layout, cap) => expect(capOf(code, layout)).toBe(cap))

test.each<[string, string, Layout | null]>([
  ['KeyA', 'a', 'qwerty'],
  ['KeyA', 'ф', 'ru'],
  ['Digit2', 'ә', 'kk'],
  ['Digit2', '2', null],
  ['Enter', 'Enter', null],
])('%s that typed "%s" proves %s', (code, key, layout) => expect(layoutOf(code, key)).toBe(layout))
