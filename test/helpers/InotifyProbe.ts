import { FENCE_WD, type InotifyBinding, type InotifyRecord } from '../../src/linux/InotifyBinding.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { openInotify } from '../../src/linux/openInotify.js'
import type { Binding } from './bindings.js'
import { until } from './until.js'

/** A binding whose records are kept. */
export class InotifyProbe {
  readonly records: InotifyRecord[] = []
  readonly times: number[] = []
  readonly failures: Error[] = []
  readonly binding: InotifyBinding

  constructor(name: Binding, backlogBytes = 64 * 1024 * 1024) {
    this.binding = openInotify(
      name,
      {
        onRecords: (records, readAt) => {
          for (const record of records) {
            this.records.push(record)
            this.times.push(readAt)
          }
        },
        onMounts: () => undefined,
        onFailure: (error) => this.failures.push(error),
      },
      { backlogBytes },
    )
  }

  /** Waits until all that has happened by now was read. */
  async settled(): Promise<void> {
    const token = this.binding.fence()
    await this.arrived(token)
  }

  async arrived(token: number): Promise<void> {
    await until(
      () => this.records.some(({ wd, cookie }) => wd === FENCE_WD && cookie === token),
      () => `fence ${token} arrives behind ${this.records.length} records`,
    )
  }

  /** The records so far as text, fences left out: `CREATE ISDIR name`. */
  get told(): string[] {
    return this.records
      .filter(({ wd }) => wd !== FENCE_WD)
      .map(({ mask, name }) => `${namesOf(mask)} ${name}`)
  }

  count(mask: number): number {
    return this.records.filter((record) => (record.mask & mask) !== 0).length
  }
}

export function namesOf(mask: number): string {
  return Object.entries(IN)
    .filter(([, bit]) => (mask & bit) !== 0)
    .map(([name]) => name)
    .join(' ')
}

/** Opens a binding for `use`, and closes it. */
export async function withProbe(
  name: Binding,
  use: (probe: InotifyProbe) => Promise<void>,
  backlogBytes?: number,
): Promise<void> {
  const probe = new InotifyProbe(name, backlogBytes)
  try {
    await use(probe)
  } finally {
    await probe.binding.close()
  }
}
