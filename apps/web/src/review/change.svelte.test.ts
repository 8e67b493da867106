import { emptyLabelSet, Label, type Content, type LabelSet } from '@tamga/model'
import { beforeEach, describe, expect, test } from 'vitest'
import { render } from 'vitest-browser-svelte'
import { setLocale } from '../i18n/index.svelte.ts'
import Change from './Change.svelte'

const text = 'президент Ассоциации «Гражданский альянс Казахстана» Бану Нургазиева'

const labelOf = (id: string) =>
  Label.parse({ id, code: id.toUpperCase(), name: { en: id }, colour: { hue: 260, light: 0.6, dark: 0.7 } })

const labels: LabelSet = {
  ...emptyLabelSet,
  labels: [labelOf('org'), labelOf('fac')],
  attributes: [
    {
      id: 'unit',
      code: 'unit',
      name: { en: 'Unit', ru: '', kk: '' },
      definition: { en: '', ru: '', kk: '' },
      type: 'choice',
      labels: ['org'],
      choices: [{ id: 'age', name: { en: 'Age', ru: '', kk: '' } }],
      retired: false,
    },
  ],
}

function span(quote: string, label = 'org', attributes: readonly (readonly [string, string])[] = []): Content {
  const start = text.indexOf(quote)
  return { kind: 'span', ranges: [[start, start + quote.length]], label, attributes }
}

/** Each line as it is read: the word before it, the label's code, the window with the span in brackets. */
const linesOf = (container: HTMLElement) =>
  [...container.querySelectorAll('dt')].map((term) => {
    const value = term.nextElementSibling!
    for (const inside of value.querySelectorAll('.inside')) inside.textContent = `[${inside.textContent}]`
    return `${term.textContent}: ${value.textContent.replace(/\s+/g, ' ').trim()}`
  })

beforeEach(() => setLocale('en'))

describe('a change is shown as what was and what is', () => {
  test.each([
    [
      'an edge',
      span('«Гражданский альянс'),
      span('«Гражданский альянс Казахстана»'),
      [
        'was: ORG Ассоциации [«Гражданский альянс] Казахстана» Бану',
        'is: ORG Ассоциации [«Гражданский альянс Казахстана»] Бану',
      ],
    ],
    [
      'the label',
      span('Бану'),
      span('Бану', 'fac'),
      ['was: ORG Казахстана» [Бану] Нургазиева', 'is: FAC Казахстана» [Бану] Нургазиева'],
    ],
    ['removal', span('Бану'), null, ['was: ORG Казахстана» [Бану] Нургазиева', 'is: removed']],
    [
      'an attribute',
      span('Бану'),
      span('Бану', 'org', [['unit', 'age']]),
      ['was: ORG Казахстана» [Бану] Нургазиева', 'is: ORG Казахстана» [Бану] Нургазиева', 'Unit: not set → Age'],
    ],
  ])('%s', async (_, before, after, lines) => {
    const { container } = await render(Change, { text, language: 'ru', labels, before, after })
    expect(linesOf(container)).toEqual(lines)
  })
})
