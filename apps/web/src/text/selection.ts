import { wordAt } from '@tamga/language'
import type { Range } from '@tamga/model'
import type { Points } from './points.ts'
import { extended, seen, selectedOf, stepped, type Selected, type Unit } from './selected.ts'
import { Tint } from './tint.ts'
import type { WordWalk } from './word-walk.ts'

const DRAG = 4

/** What the selection asks of the surface around it. */
interface Ground {
  readonly text: string
  readonly points: Points
  readonly walk: WordWalk
  /** The selection changed; `settled` is false in the middle of a drag. */
  readonly changed: (selected: Selected | null, settled: boolean) => void
  /** A click on a place; true if a mark took it, so that no word is selected. */
  readonly clicked: (x: number, y: number) => boolean
  readonly reveal: (offset: number) => void
  /** The first offset that is on the screen. */
  readonly firstVisible: () => number
}

interface Press {
  readonly x: number
  readonly y: number
  readonly touch: boolean
}

/**
 * The user's selection in the text, kept as offsets. The browser's own selection mirrors it: read when the user moves
 * it, written again after every redraw.
 */
export class TextSelection {
  readonly #host: HTMLElement
  readonly #ground: Ground
  readonly #listening = new AbortController()
  #selected: Selected | null = null
  // What stands in the document's selection by our hand: anchor and head.
  #shown: Range | null = null
  #press: Press | null = null
  #dragged = false
  #alt = false
  // A word selected by touch waits for a second tap that says how far the selection goes.
  #tapped: Range | null = null
  // Shows what a label would be put on, over the letters alone: the document's own selection, which is as high as its
  // line and may be somewhere else (in a search field, say), is not painted.
  readonly #tint = new Tint('selected')

  constructor(host: HTMLElement, ground: Ground) {
    this.#host = host
    this.#ground = ground
    const { signal } = this.#listening
    host.addEventListener('pointerdown', this.#pressed, { signal })
    document.addEventListener('pointermove', this.#moved, { signal, passive: true })
    document.addEventListener('pointerup', this.#released, { signal })
    document.addEventListener('pointercancel', this.#released, { signal })
    document.addEventListener('selectionchange', this.#read, { signal })
    document.addEventListener('copy', this.#copy, { signal })
    host.addEventListener('click', this.#click, { signal })
    host.addEventListener('keydown', this.#key, { signal })
  }

  get selected(): Selected | null {
    return this.#selected
  }

  /** True while the pointer is down: line heights must not change under it. */
  get isPressed(): boolean {
    return this.#press !== null
  }

  /** Offsets of the ends that the document's selection has in this text, or null. */
  get ends(): Range | null {
    return this.#shown
  }

  set(selected: Selected | null): void {
    this.#selected = selected
    this.#shown = selected && seen(selected)
    this.#write()
    this.#paint()
    this.#ground.changed(selected, true)
  }

  /** Takes over where a drag has come, before the text is drawn under it: the browser tells of it a moment later. */
  catchUp(): void {
    if (this.#press) this.#read()
  }

  /** Puts the document's selection back after the text was drawn again; it is left alone if it is somewhere else. */
  restore(): void {
    if (!this.#shown) return
    if (this.#isHere()) this.#write()
    else this.#left(document.getSelection())
    this.#paint()
  }

  /** Moves to the next or previous word, or extends the selection by a word or a letter. */
  step(by: 1 | -1, extend: boolean, unit: Unit = 'word'): void {
    const { text, walk, firstVisible, reveal } = this.#ground
    const next =
      extend && this.#selected
        ? extended(text, walk, this.#selected, unit, by)
        : stepped(text, walk, this.#selected, by, firstVisible())
    this.set(next)
    if (next) reveal(by > 0 ? next.range[1] - 1 : next.range[0])
  }

  /** Moves to the word above or below, or extends the selection up to it. */
  stepLine(by: 1 | -1, extend: boolean): void {
    const word = this.#wordInLine(by)
    if (!word) return this.step(by, extend)
    const from = this.#selected
    const anchor = !from || !extend ? word[0] : by > 0 ? Math.min(...seen(from)) : Math.max(...seen(from))
    this.set(selectedOf(this.#ground.text, anchor, by > 0 || !extend ? word[1] : word[0], false))
    this.#ground.reveal(word[0])
  }

  dispose(): void {
    this.#listening.abort()
    this.#tint.show([])
    this.#shown = null
  }

  #paint(): void {
    this.#tint.show(this.#selected ? [this.#ground.points.toRange(this.#selected.range)] : [])
  }

  #wordInLine(by: 1 | -1): Range | null {
    const { points, walk, reveal } = this.#ground
    if (!this.#selected) return null
    const { range, anchor, head } = this.#selected
    const at = head < anchor ? range[0] : range[1] - 1
    reveal(at)
    const box = points.rects([at, at + 1])[0]
    if (!box) return null
    for (let y = box.top + box.height / 2, i = 1; i <= 12; i++) {
      const offset = points.gapAt(box.left + box.width / 2, y + by * i * 12)
      const word = offset === null ? null : walk.near(offset)
      const there = word && points.rects(word)[0]
      if (there && by * (there.top - box.top) > 4) return word
    }
    return null
  }

  #pressed = (event: PointerEvent): void => {
    if (event.button !== 0 || isHandle(event.target)) return
    this.#press = { x: event.clientX, y: event.clientY, touch: event.pointerType === 'touch' }
    this.#dragged = false
    this.#alt = event.altKey
    // A press on selected text would drag that text about; what is pressed begins a new selection.
    if (!event.shiftKey && !this.#press.touch) this.#drop()
  }

  /** Empties the document's selection; what was selected stays until the press says what comes instead. */
  #drop(): void {
    this.#shown = null
    this.#tint.show([])
    if (this.#isHere()) document.getSelection()?.removeAllRanges()
  }

  #moved = (event: PointerEvent): void => {
    if (!this.#press) return
    this.#alt = event.altKey
    this.#dragged ||= Math.hypot(event.clientX - this.#press.x, event.clientY - this.#press.y) > DRAG
  }

  #released = (event: PointerEvent): void => {
    if (!this.#press) return
    this.#alt = event.altKey
    this.#read()
    this.#press = null
    const here = document.getSelection()
    if (here && !here.isCollapsed && this.#isHere()) this.#settle()
  }

  #settle(): void {
    this.#dragged = true
    this.#tapped = null
    this.set(this.#selected)
  }

  /** Takes over what the user, the browser or a reading aid did to the document's selection. */
  #read = (): void => {
    const here = document.getSelection()
    if (!here?.anchorNode || !here.focusNode) return
    if (!this.#isHere()) return this.#left(here)
    const { points, text, changed } = this.#ground
    const anchor = points.toOffset(here.anchorNode, here.anchorOffset)
    const head = points.toOffset(here.focusNode, here.focusOffset)
    if (anchor === head || (anchor === this.#shown?.[0] && head === this.#shown[1])) return
    this.#shown = [anchor, head]
    this.#selected = selectedOf(text, anchor, head, this.#alt)
    this.#paint()
    changed(this.#selected, this.#press === null)
  }

  /** The document's selection went elsewhere: to a field, and ours stays; to other text, and ours is given up. */
  #left(elsewhere: globalThis.Selection | null): void {
    if (elsewhere?.isCollapsed === false) this.#forget()
  }

  #forget(): void {
    if (!this.#selected) return
    this.#selected = null
    this.#shown = null
    this.#paint()
    this.#ground.changed(null, true)
  }

  #isHere(): boolean {
    const here = document.getSelection()
    return here !== null && here.rangeCount > 0 && here.getRangeAt(0).intersectsNode(this.#host)
  }

  #write(): void {
    const here = document.getSelection()
    if (!here) return
    if (!this.#shown) return void (this.#isHere() && here.removeAllRanges())
    const [anchor, head] = this.#shown
    const { points } = this.#ground
    const forwards = anchor <= head
    const from = points.toPoint(anchor, forwards ? 'right' : 'left')
    const to = points.toPoint(head, forwards ? 'left' : 'right')
    const same =
      here.anchorNode === from[0] &&
      here.anchorOffset === from[1] &&
      here.focusNode === to[0] &&
      here.focusOffset === to[1]
    if (!same) here.setBaseAndExtent(...from, ...to)
  }

  #click = (event: MouseEvent): void => {
    if (event.button !== 0 || isHandle(event.target)) return
    const touch = event instanceof PointerEvent && event.pointerType === 'touch'
    const word = this.#wordAt(event)
    if (event.detail === 2 && word) return this.set(selectedOf(this.#ground.text, ...word, false))
    if (event.detail === 3 && word) return this.set(this.#paragraphOf(word))
    if (event.detail > 1 || this.#dragged || event.shiftKey) return
    if (touch && this.#extendTap(word)) return
    if (this.#ground.clicked(event.clientX, event.clientY)) return
    this.#tapped = touch ? word : null
    this.set(word && selectedOf(this.#ground.text, ...word, false))
  }

  /** The browser's own way would end at the first code, which it may not select. */
  #paragraphOf([start, end]: Range): Selected | null {
    const { text } = this.#ground
    const next = text.indexOf('\n', end)
    return selectedOf(text, text.lastIndexOf('\n', start) + 1, next < 0 ? text.length : next, false)
  }

  /** The second tap: from the first word to this one. The same word again, or none, ends it. */
  #extendTap(word: Range | null): boolean {
    const first = this.#tapped
    this.#tapped = null
    if (!first || !word || !this.#selected) return false
    if (word[0] === first[0]) this.set(null)
    else this.set(selectedOf(this.#ground.text, Math.min(first[0], word[0]), Math.max(first[1], word[1]), false))
    return true
  }

  #wordAt({ clientX, clientY }: MouseEvent): Range | null {
    const { points, text } = this.#ground
    const offset = points.characterAt(clientX, clientY)
    const word = offset === null ? null : wordAt(text, offset)
    return word && offset !== null && offset < word[1] ? word : null
  }

  #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || (event.altKey && !event.shiftKey)) return
    const by = event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : -1
    if (event.key === 'ArrowRight' || event.key === 'ArrowLeft')
      this.step(by, event.shiftKey, event.altKey ? 'letter' : 'word')
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') this.stepLine(by, event.shiftKey)
    else if (event.key === 'Escape' && this.#selected) this.set(null)
    else return
    event.preventDefault()
  }

  /** Puts the text as it is into the clipboard: no doubled line ends, no styles, no codes. */
  #copy = (event: ClipboardEvent): void => {
    const here = document.getSelection()
    if (!here || here.isCollapsed || !this.#isHere() || !event.clipboardData) return
    const range = here.getRangeAt(0)
    const { points, text } = this.#ground
    if (!this.#host.contains(range.commonAncestorContainer) && !this.#host.contains(document.activeElement)) return
    const start = points.toOffset(range.startContainer, range.startOffset)
    const end = points.toOffset(range.endContainer, range.endOffset)
    event.clipboardData.setData('text/plain', text.slice(start, end))
    event.preventDefault()
  }
}

const isHandle = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('.handle') !== null
