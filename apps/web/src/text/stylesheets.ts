import { geometryCss } from './geometry.ts'
import { labelCss, railCss, type LabelStyle } from './label-css.ts'

// Constructed sheets, because a policy without inline styles forbids <style> and style attributes.
const fixed = new CSSStyleSheet()
const rails = new CSSStyleSheet()
const scopes = new Map<string, { scope: string; sheet: CSSStyleSheet; users: number }>()
let railCount = 0
let serial = 0

/** The class under which a label set's colours and codes hold, and the way to give them back. */
export interface Dress {
  readonly scope: string
  readonly dispose: () => void
}

/** Puts a label set's style into the document; surfaces with an equal set share one sheet. */
export function dress(labels: readonly LabelStyle[]): Dress {
  wearFixed(labels.length)
  const key = JSON.stringify(labels.map(({ id, code, colour, family }) => [id, code, colour, family]))
  const worn = scopes.get(key) ?? newScope(key, labels)
  worn.users++
  return { scope: worn.scope, dispose: () => takeOff(key) }
}

function newScope(key: string, labels: readonly LabelStyle[]) {
  const scope = `labels-${++serial}`
  const made = { scope, sheet: new CSSStyleSheet(), users: 0 }
  made.sheet.replaceSync(labelCss(labels, scope))
  document.adoptedStyleSheets.push(made.sheet)
  scopes.set(key, made)
  return made
}

function takeOff(key: string): void {
  const worn = scopes.get(key)
  if (!worn || --worn.users > 0) return
  scopes.delete(key)
  document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== worn.sheet)
}

function wearFixed(count: number): void {
  if (!document.adoptedStyleSheets.includes(fixed)) {
    fixed.replaceSync(geometryCss())
    document.adoptedStyleSheets.push(fixed, rails)
  }
  // One number more than labels: the grey of a label that the set does not know.
  if (count + 1 <= railCount) return
  railCount = count + 1
  rails.replaceSync(railCss(railCount))
}
