import { paintsOf, type Label, type Scheme } from '@tamga/model'
import { sealVariables, wave } from './drawings.ts'
import { ROWS } from './rows.ts'

/** What the surface needs of a label. */
export type LabelStyle = Pick<Label, 'id' | 'code' | 'colour' | 'family'>

/** Wraps rules so that they hold in the chosen scheme, and in the system's where none is chosen. */
export function inScheme(scheme: Scheme, rule: (prefix: string) => string): string {
  if (scheme === 'light') return rule('')
  return `${rule('[data-theme=dark] ')}\n@media (prefers-color-scheme:dark){${rule(':root:not([data-theme=light]) ')}}`
}

/**
 * Colours and codes of a label set for hosts with the class `scope`. A label's number in class names is its place in
 * the list. `l` is the rail, `i` the ink of the code, `w` the wash, `u` the wave.
 */
export function labelCss(labels: readonly LabelStyle[], scope: string): string {
  const variables = (scheme: Scheme) =>
    labels.map((label, n) => {
      const { rail, ink, wash } = paintsOf(label.colour, scheme)
      return `--l${n}:${rail};--i${n}:${ink};--w${n}:${wash};--u${n}:${wave(rail)}`
    })
  const codes = labels.flatMap(({ code, family }, n) => [
    `.${scope} .cl${n}{color:var(--i${n})}`,
    `.${scope} .cl${n}::before{content:${JSON.stringify(code)} / ""}`,
    `.${scope} .cl${n}.g::before{content:"";--g:var(--g-${family})}`,
  ])
  const paints = (['light', 'dark'] as const).map((scheme) =>
    inScheme(scheme, (prefix) => `${prefix}.${scope}{${variables(scheme).join(';')}}`),
  )
  return [...paints, ...codes].join('\n')
}

/** Rules of `count` label numbers over all rows, and the states of rails. Order matters: later states win. */
export function railCss(count: number): string {
  const numbers = [...Array(count).keys()]
  const rows = [...Array(ROWS).keys()]
  return [
    ...(['light', 'dark'] as const).map((scheme) => inScheme(scheme, (p) => `${p}.surface{${sealVariables(scheme)}}`)),
    ...numbers.map((n) => `.k${n}{--w:var(--w${n})}.q${n}{--w:${tint(n, 26)}}.o${n}{--w:${tint(n, 18)}}`),
    ...rows.flatMap((row) => numbers.map((n) => `.r${row}l${n}{--r${row}:var(--l${n},var(--ink3))}`)),
    ...rows.flatMap((row) => numbers.map((n) => `.r${row}u${n}{--b${row}:var(--u${n});--h${row}:4px}`)),
    ...rows.flatMap(stateRules),
  ].join('\n')
}

const tint = (n: number, percent: number) => `color-mix(in oklch,var(--l${n},var(--ink3)) ${percent}%,transparent)`

function stateRules(row: number): string[] {
  const rail = `var(--r${row})`
  const dashes = (on: number, period: number) =>
    `--b${row}:repeating-linear-gradient(90deg,${rail} 0 ${on}px,#0000 ${on}px ${period}px)`
  return [
    `.r${row}no{--r${row}:var(--ink3);${dashes(3, 5)};--h${row}:1px}`,
    `.r${row}pen{${dashes(3, 5)}}`,
    `.r${row}two{--b${row}:linear-gradient(${rail} 0 1px,#0000 1px 3px,${rail} 3px);--h${row}:4px}`,
    `.r${row}gap{${dashes(1, 3)};--h${row}:1px}`,
    `.r${row}sel{--r${row}:var(--ink);--h${row}:3px}`,
    `.r${row}z{--z${row}:var(--seal)}`,
    `.r${row}y{--z${row}:var(--seal-broken)}`,
    `.r${row}x{--z${row}:var(--seal-crossed)}`,
    `.r${row}h{--z${row}:var(--seal-half)}`,
  ]
}
