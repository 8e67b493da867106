import { emptyLabelSet, LabelSet, type Words } from '@tamga/model'
import conll from './conll2003.json' with { type: 'json' }
import news from '../../../../seeds/labels.json' with { type: 'json' }

const words = (en: string, ru: string, kk: string): Words => ({ en, ru, kk })

/** What a new project may start from. A new template is one more value here. */
export const templates = [
  {
    id: 'news',
    title: words('News names, nested', 'Имена в новостях, вложенные', 'Жаңалық атаулары, кірістірілген'),
    set: LabelSet.parse(news),
  },
  {
    id: 'conll2003',
    title: words('CoNLL-2003, four labels', 'CoNLL-2003, четыре типа', 'CoNLL-2003, төрт таңба'),
    set: LabelSet.parse(conll),
  },
  { id: 'empty', title: words('Empty', 'Пусто', 'Бос'), set: emptyLabelSet },
] as const

export const templateIds = ['news', 'conll2003', 'empty'] as const
export type TemplateId = (typeof templateIds)[number]

export const templateSet = (id: TemplateId): LabelSet => templates.find((template) => template.id === id)!.set
