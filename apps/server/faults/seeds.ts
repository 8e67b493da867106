/** Rounds that are played always: those that failed once, with what they found, and one in which a backup is put back. */
export const failedOnce: readonly { readonly seed: number; readonly name: string }[] = [
  { seed: 223, name: 'somebody who changes servers is not said to lack a predecessor' },
  {
    seed: 42,
    name: 'a backup that is put back loses nothing from before it, and nothing comes back under another name',
  },
]
