import { paintsOf, type Label } from '@tamga/model'

/**
 * The colours of a label for whatever stands beside the text, as custom properties of a `style`: `--k` its rail,
 * `--k-ink` letters, `--k-wash` a ground, `--g` its family's sign. A label that is not known is grey.
 */
export function paintOf(label: Pick<Label, 'colour' | 'family'> | undefined): string {
  if (!label) return '--k:var(--ink3);--k-ink:var(--ink3);--k-wash:var(--sunk);--g:var(--g-other)'
  const light = paintsOf(label.colour, 'light')
  const dark = paintsOf(label.colour, 'dark')
  return [
    `--k:light-dark(${light.rail},${dark.rail})`,
    `--k-ink:light-dark(${light.ink},${dark.ink})`,
    `--k-wash:light-dark(${light.wash},${dark.wash})`,
    `--g:var(--g-${label.family})`,
  ].join(';')
}
