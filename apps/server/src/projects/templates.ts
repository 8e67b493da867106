import { emptyLabelSet, LabelSet } from '@tamga/model'
import conll from './conll2003.json' with { type: 'json' }
import news from '../../../../seeds/labels.json' with { type: 'json' }

/** What a new project may start from. A new template is one more value here, and its name in the pages' languages. */
export const templates = [
  { id: 'news', set: LabelSet.parse(news) },
  { id: 'conll2003', set: LabelSet.parse(conll) },
  { id: 'empty', set: emptyLabelSet },
] as const
export type TemplateId = (typeof templates)[number]['id']
export const templateIds = templates.map(({ id }) => id) as [TemplateId, ...TemplateId[]]

export const templateSet = (id: TemplateId): LabelSet => templates.find((template) => template.id === id)!.set
