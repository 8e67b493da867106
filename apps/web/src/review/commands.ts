import { can, reasons } from '@tamga/model'
import type { Command } from '../commands/command.ts'
import { articleCommands } from '../editor/article-commands.ts'
import { edgeCommands } from '../editor/edge-commands.ts'
import { t } from '../i18n/index.svelte.ts'
import { paths } from '../paths.ts'
import { go } from '../runes/router.svelte.ts'
import { isOnControl } from '../ui/keys.ts'
import type { Walk } from './walk.svelte.ts'

/**
 * What a reviewer can do in an article. Letters and digits are free for commands: labels have keys only while a span is
 * amended or added, and then these step back.
 */
export function reviewCommands(walk: Walk): readonly Command[] {
  return [
    ...deciding(walk),
    ...walking(walk),
    ...reasoning(walk),
    ...articleCommands(walk.room, paths.review),
    editing(walk),
  ]
}

/** What holds while a span is amended or a missed one added. Labels are commands too, under keys of their own. */
export function draftCommands(walk: Walk): readonly Command[] {
  return [...amending(walk), ...edges(walk), ...labelling(walk)]
}

function deciding(walk: Walk): Command[] {
  return [
    {
      id: 'review.approve',
      title: 'review.cmd_approve',
      about: () => about(walk),
      group: 'review',
      keys: ['Enter'],
      when: () =>
        !isOnControl() && walk.mode !== 'amend' && walk.mode !== 'miss' && (walk.span === null ? false : mayOn(walk)),
      run: () => (walk.isRemoved ? walk.leaveRemoved() : walk.approve()),
    },
    {
      id: 'review.nest',
      title: 'review.cmd_nest',
      about: () => String(walk.nest.length),
      group: 'review',
      keys: ['KeyN'],
      when: () => looks(walk) && (mayOn(walk) === true ? walk.nest.length > 0 || t('review.needNest') : mayOn(walk)),
      run: () => walk.approveNest(),
    },
    {
      id: 'review.amend',
      title: 'review.cmd_amend',
      about: () => about(walk),
      group: 'review',
      keys: ['KeyM'],
      when: () => looks(walk) && !walk.isRemoved && mayOn(walk),
      run: () => walk.startAmending(),
    },
    {
      id: 'review.reject',
      title: 'review.cmd_reject',
      about: () => about(walk),
      group: 'review',
      keys: ['Backspace', 'Delete'],
      when: () => looks(walk) && !walk.isRemoved && mayOn(walk),
      run: () => walk.askWhy(),
    },
    {
      id: 'review.bringBack',
      title: 'review.bringBack',
      about: () => about(walk),
      group: 'review',
      when: () => walk.span?.state === 'gone' && may(walk),
      run: () => walk.bringBack(),
    },
    {
      id: 'review.miss',
      title: 'review.cmd_miss',
      group: 'review',
      keys: ['KeyA'],
      when: () => looks(walk) && may(walk),
      run: () => walk.startMissing(),
    },
  ]
}

const walking = (walk: Walk): Command[] => [
  {
    id: 'review.later',
    title: 'review.cmd_later',
    group: 'review',
    keys: ['ArrowRight'],
    when: () => looks(walk) && walk.span !== null,
    run: () => walk.later(),
  },
  {
    id: 'review.back',
    title: 'review.cmd_back',
    group: 'review',
    keys: ['ArrowLeft'],
    when: () => looks(walk),
    run: () => walk.back(),
  },
  {
    id: 'review.undo',
    title: 'review.cmd_undo',
    group: 'review',
    keys: ['mod+KeyZ'],
    when: () => may(walk) === true && (walk.decisions.last !== null || t('review.said_first')),
    run: () => walk.undo(),
  },
  {
    id: 'review.history',
    title: 'review.cmd_history',
    group: 'review',
    keys: ['KeyH'],
    when: () => looks(walk) && (walk.span !== null || t('review.needSpan')),
    run: () => (walk.showsPast = !walk.showsPast),
  },
]

/** The reasons by their digits, once it is said that the span is rejected; Escape takes that back. */
const reasoning = (walk: Walk): Command[] => [
  ...reasons.map((reason, i): Command => ({
    id: `review.why.${reason}`,
    title: `editor.why_${reason}`,
    group: 'review',
    keys: [`Digit${i + 1}`],
    when: () => walk.mode === 'why',
    run: () => walk.reject(reason),
  })),
  {
    id: 'review.leave',
    title: 'review.cmd_leave',
    group: 'review',
    keys: ['Escape'],
    inFields: true,
    when: () => walk.mode !== 'look' || walk.selected !== null,
    run: () => walk.leave(),
  },
]

/** What holds when nothing is in question any more. */
export const endCommands = (walk: Walk): readonly Command[] => [
  {
    id: 'review.resume',
    title: 'review.goOn',
    group: 'review',
    keys: ['ArrowRight'],
    when: () => walk.span === null && walk.queue.length > 0 && may(walk),
    run: () => walk.begin(),
  },
  {
    id: 'review.signOff',
    title: 'review.signOff',
    group: 'review',
    keys: ['Enter'],
    when: () => !isOnControl() && walk.mode === 'look' && walk.span === null && maySign(walk),
    run: () => walk.signOff(),
  },
  {
    id: 'review.takeBack',
    title: 'review.takeBack',
    group: 'review',
    when: () => (walk.room.standing.closing === null ? t('review.needSigned') : may(walk)),
    run: () => walk.takeBack(),
  },
]

const editing = ({ room }: Walk): Command => ({
  id: 'article.edit',
  title: 'review.toEditor',
  group: 'article',
  keys: ['alt+Enter'],
  run: () => go(paths.article(room.article.id)),
})

const amending = (walk: Walk): Command[] => [
  {
    id: 'review.amended',
    title: 'review.cmd_amended',
    group: 'review',
    keys: ['Enter'],
    inFields: true,
    when: () => !isOnControl() && walk.mode === 'amend',
    run: () => walk.approveAmended(),
  },
]

const edges = (walk: Walk) =>
  edgeCommands(
    'review',
    () => walk.mode === 'amend',
    (...move) => walk.amendment?.moveEdge(...move),
  )

const labelling = (walk: Walk): Command[] =>
  walk.labels.map((label) => ({
    id: `review.label.${label.id}`,
    title: 'review.cmd_label',
    about: () => label.code,
    group: 'review',
    keys: label.key === null ? [] : [label.key],
    when: () => walk.mode === 'amend' || (walk.mode === 'miss' && walk.selected !== null),
    run: () => walk.putLabel(label.id),
  }))

const looks = ({ mode }: Walk) => mode === 'look' || mode === 'why'

const may = ({ room }: Walk): true | string =>
  can(room.article.role, 'decide') ? room.article.withdrawn === null || t('review.withdrawn') : t('review.needReviewer')

const mayOn = (walk: Walk): true | string => (walk.span === null ? t('review.needSpan') : may(walk))

function maySign(walk: Walk): boolean | string {
  if (walk.room.standing.closing !== null) return false
  if (walk.counts.all === 0) return t('review.emptyTitle')
  return walk.counts.waiting === 0 ? may(walk) : t('review.needDecided')
}

const about = (walk: Walk) => (walk.span ? `«${walk.quote(walk.span.content, 30)}»` : '')
