import { nextGrapheme } from '@tamga/language'
import { afterEach, expect, test } from 'vitest'
import { BlockView } from './block-view.ts'
import { isWet, type Mark } from './mark.ts'
import { blocksOf } from './paragraphs.ts'
import { Points } from './points.ts'
import { rowsOf } from './rows.ts'
import { segmentsOf, type Look } from './segments.ts'

const look: Look = {
  chosen: 'm1',
  hovered: null,
  flashing: new Map(),
  codes: 'all',
  isWet,
  label: () => 0,
  room: () => 'code',
  describe: ({ id }) => id,
}

const host = document.body.appendChild(document.createElement('div'))
afterEach(() => host.replaceChildren())

const odd = 'Ақтөбе 👨‍👩‍👧‍👦🇰🇿 é \ud83d\ude00\n\n \t x\u00a0y\u2028z\r\n' + 'ұзақ сөйлем. '.repeat(200) + '\n\nсоңы'

/** A text with marks in nests that begin every so many characters, drawn in two sections. */
function drawn(text: string, every = 7): Points {
  const marks = Array.from({ length: Math.floor(text.length / every) }, (_, i): Mark => {
    const start = i * every
    return {
      id: `m${i}`,
      label: 'a',
      state: 'open',
      ranges: [[start, Math.min(text.length, start + 3 + ((i * 5) % 17))]],
    }
  })
  const views = blocksOf(text).map((block) => new BlockView(block, text.slice(block.start, block.end), false))
  for (const view of views) {
    const here = marks.filter(({ ranges: [[start, end] = [0, 0]] }) => start < view.block.end && end > view.block.start)
    view.draw(segmentsOf(view.block, here, rowsOf(here), look))
  }
  const cut = Math.ceil(views.length / 2)
  for (const part of [views.slice(0, cut), views.slice(cut)])
    host.appendChild(document.createElement('section')).append(...part.map(({ element }) => element))
  return new Points(host, text, views)
}

test('every offset goes to the document and back, from both sides', () => {
  const points = drawn(odd)
  expect(host.textContent).toBe(odd)
  for (let offset = 0; offset <= odd.length; offset++)
    for (const bias of ['left', 'right'] as const) expect(points.toOffset(...points.toPoint(offset, bias))).toBe(offset)
})

test('every point of the document has the offset of the text before it', () => {
  const points = drawn(odd)
  const before = document.createRange()
  const walker = document.createTreeWalker(host)
  let tried = 0
  for (let node: Node | null = host; node; node = walker.nextNode()) {
    const length = node instanceof Text ? node.length : node.childNodes.length
    for (let at = 0; at <= length; at++, tried++) {
      before.setStart(host, 0)
      before.setEnd(node, at)
      expect(points.toOffset(node, at)).toBe(before.toString().length)
    }
  }
  expect(tried).toBeGreaterThan(odd.length)
})

test('points outside the text are its ends; offsets outside it too', () => {
  const before = document.body.insertBefore(document.createElement('div'), host)
  const after = document.body.appendChild(document.createElement('div'))
  const points = drawn(odd)
  expect(points.toOffset(before, 0)).toBe(0)
  expect(points.toOffset(document.body, 0)).toBe(0)
  expect(points.toOffset(after, 0)).toBe(odd.length)
  expect(points.toOffset(document.body, document.body.childNodes.length)).toBe(odd.length)
  expect(points.toOffset(...points.toPoint(-5))).toBe(0)
  expect(points.toOffset(...points.toPoint(odd.length + 5))).toBe(odd.length)
  before.remove()
  after.remove()
})

test('an empty text has one point', () => {
  const points = drawn('')
  expect(points.toPoint(3)).toEqual([host, 0])
  expect(points.toOffset(host, 0)).toBe(0)
})

test('the character under a point is the one whose glyph is there, on both of its halves', () => {
  host.style.cssText = 'width:600px;font:19px/34px serif;position:relative'
  const text = odd.slice(0, odd.indexOf('\n'))
  // No marks: one that began inside a character would split its glyph.
  const points = drawn(text, Infinity)
  for (let offset = 0; offset < text.length; offset = nextGrapheme(text, offset)) {
    const box = points.rects([offset, nextGrapheme(text, offset)])[0]
    if (!box) continue
    for (const part of [0.2, 0.8])
      expect([part, points.characterAt(box.left + box.width * part, box.top + box.height / 2)]).toEqual([part, offset])
  }
  host.style.cssText = ''
})
