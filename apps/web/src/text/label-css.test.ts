import { expect, test } from 'vitest'
import { labelCss, railCss, type LabelStyle } from './label-css.ts'

const labels: LabelStyle[] = [
  { id: 'per', code: 'PER', family: 'person', colour: { hue: 318, light: 0.59, dark: 0.68 } },
  { id: 'org', code: 'ORG', family: 'organization', colour: { hue: 260, light: 0.66, dark: 0.71 } },
]

test('a label is its number in class names, with its colours in both schemes', () => {
  const css = labelCss(labels, 'labels-7')
  expect(css).toContain('.labels-7 .cl1::before{content:"ORG" / ""}')
  expect(css).toContain('--l0:oklch(0.59 0.15 318)')
  expect(css).toContain('[data-theme=dark] .labels-7{--l0:oklch(0.68 0.12 318)')
  expect(css).toContain(':root:not([data-theme=light]) .labels-7{--l0:oklch(0.68 0.12 318)')
})

test('later states of a rail win over earlier ones: the chosen rail is ink, whatever its pattern', () => {
  const css = railCss(2)
  const at = (rule: string) => css.indexOf(rule)
  expect(at('.r0l1{')).toBeGreaterThan(0)
  expect(at('.r0sel{')).toBeGreaterThan(Math.max(at('.r0l1{'), at('.r0no{'), at('.r0u1{')))
})
