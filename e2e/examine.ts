import type { Page } from '@playwright/test'
import axe from 'axe-core'

/** What axe is asked: everything, what depends on the scheme alone, or nothing where only the room differs. */
export type Rules = 'all' | 'colours' | 'none'

/**
 * What is wrong with a page as it is shown now, a sentence each: what axe finds, a title or a text that is none, and
 * what runs out of the window. `colours` tells what axe finds of colours, and nothing else.
 */
export async function examine(page: Page, rules: Rules): Promise<string[]> {
  if (rules !== 'none' && !(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
  return page.evaluate(faultsWithin, rules)
}

/** Runs in the page. */
async function faultsWithin(rules: Rules): Promise<string[]> {
  const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
  await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)))
  const faults: string[] = []
  if (rules !== 'none') {
    const only = { runOnly: { type: 'rule' as const, values: ['color-contrast', 'link-in-text-block'] } }
    const options = { resultTypes: ['violations' as const], ...(rules === 'colours' && only) }
    for (const { id, help, nodes } of (await axe.run(document, options)).violations)
      for (const { html, failureSummary } of nodes.slice(0, 3))
        faults.push(`${id} (${help}) at ${html.slice(0, 200)}: ${failureSummary}`)
  }
  if (rules === 'colours') return faults
  if (!/.+ · Tamga$/.test(document.title)) faults.push(`the title is “${document.title}”`)
  const text = document.body.innerText
  const key = /\{\w+\}|\bundefined\b|\bNaN\b|\[object|[‹›]|\b(common|projects|people|states|problems)\.[a-z]\w+/.exec(
    text,
  )
  if (key) faults.push(`“${text.slice(Math.max(0, key.index - 30), key.index + 40)}” is no text`)
  if (document.querySelectorAll('h1').length !== 1) faults.push('there is not one h1')
  const { scrollWidth } = document.scrollingElement!
  if (scrollWidth > innerWidth) faults.push(`the page is ${scrollWidth} px wide`)
  for (const box of document.querySelectorAll<HTMLElement>('main, aside, section, nav, [role=dialog], .dialog-body'))
    if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== 'visible')
      faults.push(`${box.tagName} ${box.className} is ${box.scrollWidth} px wide inside ${box.clientWidth}`)
  return faults
}
