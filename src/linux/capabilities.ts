import { readFields } from './procfs.js'

/** Bits of capabilities(7) that bear on watching. */
const bits = { CAP_SYS_ADMIN: 21, CAP_DAC_READ_SEARCH: 2, CAP_NET_ADMIN: 12 } as const

export type CapabilityName = keyof typeof bits

/** Which of them this process has in effect; `undefined` where /proc does not tell. */
export function effectiveCapabilities(): Readonly<Record<CapabilityName, boolean>> | undefined {
  const mask = readFields(process.pid, 'status')?.get('CapEff')
  if (mask === undefined || !/^[0-9a-f]+$/.test(mask)) return undefined
  const effective = BigInt(`0x${mask}`)
  const has = (name: CapabilityName): boolean => ((effective >> BigInt(bits[name])) & 1n) === 1n
  return {
    CAP_SYS_ADMIN: has('CAP_SYS_ADMIN'),
    CAP_DAC_READ_SEARCH: has('CAP_DAC_READ_SEARCH'),
    CAP_NET_ADMIN: has('CAP_NET_ADMIN'),
  }
}
