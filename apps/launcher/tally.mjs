/** Adds up what the runners reported, and ends with the one line that says whether all is well. */
export class Tally {
  passed = 0
  failed = 0
  skipped = 0
  failures = []

  add({ passed, failed, skipped, failures }) {
    this.passed += passed
    this.failed += failed
    this.skipped += skipped
    this.failures.push(...failures)
  }

  check(name, ok, message = '') {
    this.add({ passed: Number(ok), failed: Number(!ok), skipped: 0, failures: ok ? [] : [{ name, message }] })
  }

  /** A stage that cannot run here: nothing is skipped in silence, and in CI nothing is skipped. */
  missing(name, message) {
    console.error(`${name}: ${message}`)
    if (process.env.CI === 'true') this.check(name, false, message)
    else this.skipped += 1
  }

  print() {
    for (const { name, message } of this.failures) console.log(`FAILED ${name}${message && `\n${indented(message)}`}`)
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : ''
    console.log(`${this.passed} passed, ${this.failed} failed${skipped}`)
  }
}

const indented = (text) => text.replace(/^/gm, '       ')
