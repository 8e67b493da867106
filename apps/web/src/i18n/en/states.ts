export const states = {
  saved: 'saved',
  saving: 'saving',
  offline: 'offline',
  unsent: { one: 'offline, {n} edit waiting', other: 'offline, {n} edits waiting' },
  full: 'the disk of the server is full',
  fullWaiting: {
    one: 'the disk of the server is full, {n} edit waiting',
    other: 'the disk of the server is full, {n} edits waiting',
  },
  keptInTab: 'kept in this tab only',
  ended: 'sign-in ended.',
  expired: { one: 'sign-in ended, {n} edit waiting.', other: 'sign-in ended, {n} edits waiting.' },

  pending: 'not yet saved',
  open: 'waiting',
  approved: 'approved',
  rejected: 'rejected',
  disputed: 'disputed',
  partly: 'partly approved',
  changed: 'changed after approval',
  gone: 'removed',
} as const
