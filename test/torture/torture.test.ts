// Programs work at random in a watched tree; then what the stream has told must be what is on the disk.
// Other seeds than the usual ones: TORTURE_SEEDS=21..500
import { setTimeout as delay } from 'node:timers/promises'
import { expect, jest } from '@jest/globals'
import { seededRandom } from '../../src/cli/load/randomWork.js'
import { describeBindings, userNamespace } from '../helpers/bindings.js'
import { runForJson, type ChildOptions, type Kill } from '../helpers/runChild.js'
import { queueSysctl } from '../helpers/sysctl.js'
import { together, tortureAll, type Outcome, type Variant } from './torture.js'

const [firstSeed, lastSeed] = (process.env.TORTURE_SEEDS ?? '1..20').split('..').map(Number) as [
  number,
  number,
]
const SEEDS = lastSeed - firstSeed + 1
// Polling is slow by intention.
const SLOW_SEEDS = Math.ceil(SEEDS / 4)
// What is polled, and who is stopped, mostly waits.
const AT_ONCE = 4
// So short that it overflows however fast it is read.
const SHORT_QUEUE = 4
const FEW_WATCHES = 20
// Cycles of polling take the longer, the busier the machine is: this is for a hang.
const BOUND_MS = 600_000 + SEEDS * 10_000

jest.setTimeout(BOUND_MS)

/** The same in a few processes of their own, each with a part of the seeds. */
async function tortureApart(variant: Variant, seeds: number, options: ChildOptions): Promise<Outcome> {
  const length = Math.ceil(seeds / AT_ONCE)
  const end = firstSeed + seeds
  const parts: Promise<Outcome>[] = []
  for (let first = firstSeed; first < end; first += length) {
    const range = [first, Math.min(first + length, end) - 1].map(String)
    const child = { boundMs: BOUND_MS, ...options }
    parts.push(runForJson('tortured', [JSON.stringify(variant), ...range], child))
  }
  return together(await Promise.all(parts))
}

/** Stops a process and has it go on, again and again at random, while it runs. */
async function interrupt(kill: Kill, isRunning: () => boolean): Promise<void> {
  const random = seededRandom(firstSeed)
  while (isRunning()) {
    await delay(random() * 60)
    kill('SIGSTOP')
    await delay(random() * 60)
    kill('SIGCONT')
  }
}

describeBindings('torture', ({ binding, test, testWith }) => {
  test('the stream equals the disk, and each directory has its watch', async () => {
    const { wrong, events } = await tortureAll({ binding }, firstSeed, lastSeed)
    expect(wrong).toEqual([])
    expect(events).toBeGreaterThan(100 * SEEDS)
  })

  testWith([queueSysctl], 'the same while the kernel queue overflows', async () => {
    const { wrong, overflows } = await tortureAll({ binding, queueLength: SHORT_QUEUE }, firstSeed, lastSeed)
    expect(wrong).toEqual([])
    expect(overflows).toBeGreaterThan(0)
  })

  testWith(
    [userNamespace],
    'the same with fewer watches than directories, and when they are free again',
    async () => {
      const variant = { binding, watches: FEW_WATCHES }
      const { wrong, warnings } = await tortureApart(variant, SLOW_SEEDS, { prefix: ['unshare', '-Ur'] })
      expect(wrong).toEqual([])
      const count = (code: string) => warnings.filter((other) => other === code).length
      expect(count('FSFLOW_WATCH_LIMIT')).toBeGreaterThan(0)
      expect(count('FSFLOW_WATCHED_AGAIN')).toBe(count('FSFLOW_WATCH_LIMIT'))
    },
  )

  testWith([queueSysctl], 'the same while the process is stopped and goes on, again and again', async () => {
    let isRunning = true
    const { wrong, overflows } = await tortureApart({ binding, queueLength: SHORT_QUEUE }, SEEDS, {
      onStart: (kill) => void interrupt(kill, () => isRunning),
    }).finally(() => (isRunning = false))
    expect(wrong).toEqual([])
    expect(overflows).toBeGreaterThan(0)
  })

  test('who does not follow new directories fails', async () => {
    const { wrong } = await tortureAll({ binding, follow: false }, firstSeed, firstSeed + 2)
    expect(wrong).not.toEqual([])
  })

  testWith([queueSysctl], 'who does not repair after an overflow fails', async () => {
    const variant = { binding, repair: 'off', queueLength: SHORT_QUEUE } as const
    // Who reads fast enough loses nothing, so that one seed alone need not show it.
    const wrong: string[] = []
    for (let seed = firstSeed; seed < firstSeed + 30 && wrong.length === 0; seed++) {
      wrong.push(...(await tortureAll(variant, seed, seed)).wrong)
    }
    expect(wrong).not.toEqual([])
  })
})
