// Runs before every test file, in Node and in the browser: see vite.config.ts.
import fc from 'fast-check'
import { inject } from 'vitest'

/** All properties of a run begin at one seed, so that `npm test -- --seed N` tries the same cases again. */
fc.configureGlobal({ seed: inject('seed') })
