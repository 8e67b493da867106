import { gist } from './reports.mjs'

/** Vitest's reporter for `npm run story`: a line for each tenth that is played, and each failure as it comes. */
export default class StoryReporter {
  #all = 0
  #played = 0
  #failed = 0

  onTestModuleCollected(module) {
    this.#all += [...module.children.allTests()].length
  }

  onTestCaseResult(test) {
    this.#played++
    const { state, errors } = test.result()
    if (state === 'failed') {
      this.#failed++
      console.log(`FAILED ${test.name}\n${gist(errors[0]?.message).replace(/^/gm, '       ')}`)
    }
    const tenth = Math.max(1, Math.ceil(this.#all / 10))
    if (this.#played % tenth === 0 || this.#played === this.#all)
      console.log(`${this.#played} of ${this.#all} stories, ${this.#failed} failed`)
  }

  onTestRunEnd(modules, errors) {
    const broken = [...modules.flatMap((module) => module.errors()), ...errors]
    for (const { message } of broken) console.log(`FAILED ${gist(message)}`)
    console.log(`${this.#played - this.#failed} passed, ${this.#failed + broken.length} failed`)
  }
}
