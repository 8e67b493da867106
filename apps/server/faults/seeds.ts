/** Rounds that failed once, with what they found: they are played always. */
export const failedOnce: readonly { readonly seed: number; readonly name: string }[] = []
