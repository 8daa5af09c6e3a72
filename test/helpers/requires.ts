import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { it } from '@jest/globals'

/** Something that a test needs of the machine and that not every machine gives. */
export interface Requirement {
  readonly what: string
  readonly met: () => boolean
}

const capSysAdmin = 1n << 21n

function effectiveCapabilities(): bigint {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return BigInt(`0x${line?.[1] ?? '0'}`)
}

export const root: Requirement = { what: 'root', met: () => process.getuid?.() === 0 }

export const mounting: Requirement = {
  what: 'the right to mount (CAP_SYS_ADMIN)',
  met: () => (effectiveCapabilities() & capSysAdmin) !== 0n,
}

export function program(name: string): Requirement {
  return {
    what: `the program ${name}`,
    met: () => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0,
  }
}

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
