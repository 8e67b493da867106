import type { SectionOf } from '../dictionary.ts'

export const states = {
  saved: 'сохранено',
  saving: 'сохраняется',
  offline: 'нет связи',
  unsent: {
    one: 'нет связи, {n} правка ждёт отправки',
    few: 'нет связи, {n} правки ждут отправки',
    many: 'нет связи, {n} правок ждут отправки',
    other: 'нет связи, {n} правки ждут отправки',
  },
  keptInTab: 'только в этой вкладке',
  ended: 'вход истёк.',
  expired: {
    one: 'вход истёк, {n} правка ждёт.',
    few: 'вход истёк, {n} правки ждут.',
    many: 'вход истёк, {n} правок ждут.',
    other: 'вход истёк, {n} правки ждут.',
  },

  pending: 'ещё не сохранена',
  open: 'ждёт проверки',
  approved: 'одобрена',
  rejected: 'отклонена',
  disputed: 'спорная',
  partly: 'одобрена частью проверяющих',
  changed: 'изменена после одобрения',
  gone: 'убрана',
} as const satisfies SectionOf<'states'>
