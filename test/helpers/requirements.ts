import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

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

/** nss-systemd(8), which reads user records of /run/userdb whether systemd runs or not. */
export const nssSystemd: Requirement = {
  what: 'the name service of systemd (libnss-systemd)',
  met: () => /^passwd:.*\bsystemd\b/m.test(readFileSync('/etc/nsswitch.conf', 'utf8')),
}

export function program(name: string): Requirement {
  return {
    what: `the program ${name}`,
    met: () => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0,
  }
}
