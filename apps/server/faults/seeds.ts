/** Rounds that failed once, with what they found: they are played always. */
export const failedOnce: readonly { readonly seed: number; readonly name: string }[] = [
  { seed: 223, name: 'somebody who changes servers is not said to lack a predecessor' },
]
