import { describe, expect, test } from 'vitest'
import { inMiddle, intoView, windowOf } from './window.ts'

const at = (scrolled: number) => ({ scrolled, height: 520, rowHeight: 26 })

describe('the rows to draw', () => {
  test('are all of a short list', () => {
    expect(windowOf(200, at(5000))).toEqual([0, 200])
    expect(windowOf(0, at(0))).toEqual([0, 0])
  })

  test('hold what is on the screen, wherever the list is scrolled to, and not much more', () => {
    for (let scrolled = 0; scrolled <= 2000 * 26 - 520; scrolled += 101) {
      const [from, to] = windowOf(2000, at(scrolled))
      expect(from * 26).toBeLessThanOrEqual(scrolled)
      expect(to * 26).toBeGreaterThanOrEqual(scrolled + 520)
      expect(to - from).toBeLessThan(200)
    }
  })

  test('are never more than there are, also when the list grew shorter than it was scrolled', () => {
    const [from, to] = windowOf(300, at(2000 * 26))
    expect([from >= 0, from <= to, to]).toEqual([true, true, 300])
  })
})

test('a row comes just into view, from below and from above, and one that is there stays', () => {
  expect(intoView(30, at(0))).toBe(31 * 26 - 520)
  expect(intoView(3, at(260))).toBe(78)
  expect(intoView(12, at(260))).toBe(260)
})

test('a row comes into the middle, as far as there are rows before it', () => {
  expect(inMiddle(50, at(0))).toBe(40 * 26)
  expect(inMiddle(4, at(900))).toBe(0)
})
