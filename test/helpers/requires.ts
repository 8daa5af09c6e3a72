import { it } from '@jest/globals'
import { root, type Requirement } from './requirements.js'

export { mounting, nssSystemd, program, root, type Requirement } from './requirements.js'

/**
 * A test that needs something of the machine. Without it the test is skipped and says why; with CI=true it fails
 * instead, so that nothing goes untested unnoticed.
 */
export function itWith(
  requirements: readonly Requirement[],
  name: string,
  run: () => Promise<void> | void,
): void {
  const missing = requirements.filter((requirement) => !requirement.met()).map(({ what }) => what)
  if (missing.length === 0) {
    it(name, async () => {
      await run()
    })
    return
  }
  const reason = `needs ${missing.join(' and ')}`
  if (process.env.CI === 'true') {
    it(name, () => {
      throw new Error(`${name}: ${reason}, which CI must have`)
    })
    return
  }
  process.stderr.write(`skipped: ${name}: ${reason}\n`)
  it.skip(name, () => undefined)
}

/** A test that only root can run. */
export function itAsRoot(name: string, run: () => Promise<void> | void): void {
  itWith([root], name, run)
}
