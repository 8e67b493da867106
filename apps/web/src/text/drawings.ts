import type { Scheme } from '@tamga/model'

// Images cannot see the page's custom properties, so the two inks of seals are repeated from tokens.css.
const inks: Record<Scheme, { stamp: string; paper: string }> = {
  light: { stamp: 'oklch(0.44 0.17 275)', paper: 'oklch(0.992 0.001 265)' },
  dark: { stamp: 'oklch(0.74 0.13 280)', paper: 'oklch(0.205 0.011 265)' },
}

const image = (width: string, height: string, content: string): string =>
  `url("data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" ${width} ${height}>${content}</svg>`)}")`

/** The wave of an unsure mark in a label's rail colour, as a CSS image 4 px high and of any width. */
export const wave = (colour: string): string =>
  image(
    'width="100%"',
    'height="4"',
    '<pattern id="w" width="6" height="4" patternUnits="userSpaceOnUse">' +
      `<path d="M-.5 3.1C1 3.1 1.4.9 3 .9s2 2.2 3.5 2.2" fill="none" stroke="${colour}" stroke-width="1.25"/></pattern>` +
      '<rect width="100%" height="4" fill="url(#w)"/>',
  )

/** The ends of rails as custom properties: seal, broken seal, seal crossed by a bar, half seal; 8 px with a paper ring. */
export function sealVariables(scheme: Scheme): string {
  const { stamp, paper } = inks[scheme]
  const seal = (content: string) => image('viewBox="0 0 8 8"', '', `<path d="M0 0h8v8H0z" fill="${paper}"/>${content}`)
  const square = `<path d="M1 1h6v6H1z" fill="${stamp}"/>`
  const hollow = (width: number, inset: number) =>
    `<path d="M${inset} ${inset}h${8 - 2 * inset}v${8 - 2 * inset}H${inset}z" fill="${paper}" stroke="${stamp}" stroke-width="${width}"/>`
  return [
    `--seal:${seal(square)}`,
    `--seal-broken:${seal(`<g transform="rotate(18 4 4)">${hollow(1.2, 1.5)}</g>`)}`,
    `--seal-crossed:${seal(`${square}<path d="M0 8L8 0" stroke="${paper}" stroke-width="2"/>`)}`,
    `--seal-half:${seal(`${hollow(1, 1.5)}<path d="M1 1h3v6H1z" fill="${stamp}"/>`)}`,
  ].join(';')
}
