import type { Content } from '@tamga/model'
import { t } from '../i18n/index.svelte.ts'
import { differencesOf, kindOf } from './difference.ts'

/** «the right edge moved (Aigerim)»: what somebody did to a span, by the difference. `by` is a full name, or null. */
export function whatMoved(before: Content, after: Content | null, by: string | null): string {
  const name = by === null || by === '' ? t('review.somebody') : firstName(by)
  return t(`review.moved_${kindOf(differencesOf(before, after))}`, { name })
}

/** A sentence around it: the decision was not recorded, it happened just now, or since the last decision. */
export const sentenceOf = (
  which: 'notRecorded' | 'justNow' | 'sinceDecision',
  before: Content,
  after: Content | null,
  by: string | null,
) => t(`review.${which}`, { what: whatMoved(before, after, by) })

const firstName = (name: string): string => name.trim().split(/\s+/)[0] ?? name
