import type { SectionOf } from '../dictionary.ts'

export const states = {
  saved: 'сақталды',
  saving: 'сақталуда',
  offline: 'байланыс жоқ',
  unsent: {
    one: 'байланыс жоқ, {n} түзету жіберілуді күтуде',
    other: 'байланыс жоқ, {n} түзету жіберілуді күтуде',
  },
  full: 'сервер дискісінде орын жоқ',
  fullWaiting: {
    one: 'сервер дискісінде орын жоқ, {n} түзету күтуде',
    other: 'сервер дискісінде орын жоқ, {n} түзету күтуде',
  },
  keptInTab: 'тек осы қойындыда',
  ended: 'кіру мерзімі бітті.',
  expired: {
    one: 'кіру мерзімі бітті, {n} түзету күтуде.',
    other: 'кіру мерзімі бітті, {n} түзету күтуде.',
  },

  pending: 'әлі сақталмаған',
  open: 'тексеруді күтуде',
  approved: 'бекітілген',
  rejected: 'қабылданбаған',
  disputed: 'даулы',
  partly: 'жартылай бекітілген',
  changed: 'бекітілгеннен кейін өзгерген',
  gone: 'алынған',
} as const satisfies SectionOf<'states'>
