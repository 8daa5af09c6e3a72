import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, jest } from '@jest/globals'
import { describeBindings } from '../helpers/bindings.js'
import { churnCommand } from '../helpers/churn.js'
import { runForJson } from '../helpers/runChild.js'
import { SourceProbe, watching } from '../helpers/SourceProbe.js'
import { queueSysctl, withQueueLength } from '../helpers/sysctl.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const ROUNDS = 200_000
const BLOCKED_MS = 5000
const BOUND_MS = 120_000
// In memory where there is such a place: a disk would set the pace.
const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

jest.setTimeout(BOUND_MS + 10_000)

interface Outcome {
  readonly blocked: {
    readonly milliseconds: number
    /** Whether the command had ended when the main thread was let go. */
    readonly ended: boolean
    readonly counts: Record<string, number>
  }
  readonly code: number
  readonly counts: Record<string, number>
}

describe('a main thread that is blocked', () => {
  it('loses nothing of a million events with koffi', () =>
    withDirectory(async (scratch) => {
      const tree = fs.mkdtempSync(join(memory, 'fsflow-test-'))
      try {
        const args = [tree, String(BLOCKED_MS), ...churnCommand(scratch), tree, String(ROUNDS)]
        const { blocked, code, counts } = await runForJson<Outcome>('blocked', args, { boundMs: BOUND_MS })
        expect(code).toBe(0)
        // All was written while nothing of it was told yet.
        expect(blocked).toMatchObject({ ended: true, counts: { MONITOR_START: 1 } })
        expect(Object.keys(blocked.counts)).toEqual(['MONITOR_START'])
        expect(blocked.milliseconds).toBeGreaterThanOrEqual(BLOCKED_MS)
        expect(counts).toMatchObject({
          MONITOR_START: 1,
          // The file, and what the child makes at the end.
          CREATE: 2,
          OPEN: ROUNDS,
          MODIFY: ROUNDS,
          CLOSE_WRITE: ROUNDS,
          MOVED_FROM: ROUNDS,
          MOVED_TO: ROUNDS,
        })
        expect(counts.OVERFLOW).toBeUndefined()
        expect(counts.hole).toBeUndefined()
      } finally {
        fs.rmSync(tree, { recursive: true })
      }
    }))
})

const DIRECTORIES = 40
const FILES = 160
const SHORT_QUEUE = 40
// Their records are more than a small backlog and a short queue hold together.
const MANY = 1000

/** More than the queue and a small backlog hold, in one go, so that nobody reads meanwhile. */
function change(at: (path: string) => string): void {
  fs.appendFileSync(at('early'), 'x')
  for (let d = 0; d < DIRECTORIES; d++) {
    for (let f = 0; f < FILES; f++) fs.writeFileSync(at(`d${d}/n${f}`), 'x')
  }
  for (let d = 0; d < DIRECTORIES; d += 4) {
    fs.rmSync(at(`d${d}`), { recursive: true })
    fs.renameSync(at(`d${d + 1}`), at(`d${d + 2}/moved`))
    fs.mkdirSync(at(`new${d}/a/b`), { recursive: true })
    fs.writeFileSync(at(`new${d}/a/b/f`), '')
  }
  fs.unlinkSync(at('gone'))
  fs.mkdirSync(at('gone'))
  fs.appendFileSync(at('late'), 'x')
}

describeBindings('a backlog that is used up', ({ binding, test, testWith }) => {
  test('is told as OVERFLOW, and RECOVERED closes the repair: the stream equals the disk', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      for (let d = 0; d < DIRECTORIES; d++) fs.mkdirSync(at(`d${d}/sub`), { recursive: true })
      for (const file of ['early', 'late', 'gone']) fs.writeFileSync(at(file), '')
      const before = listTree(top)
      const probe = await watching({ paths: top, binding, backlog: 65_536 }, async (running) => {
        change(at)
        await running.sees('RECOVERED')
        // The stream goes on as before.
        fs.writeFileSync(at('new0/a/after'), '')
        await running.sees('CREATE', at('new0/a/after'))
        const disk = listTree(top)
        const state = new TreeState(before)
        let applied = 0
        const differences = () => {
          for (; applied < running.events.length; applied++) state.apply(running.events[applied]!)
          return state.differences(disk)
        }
        await until(
          () => differences().length === 0,
          () => `the stream equals the disk: ${differences().slice(0, 10).join(', ')}`,
        )
      })

      const last = (type: string) => probe.events.findLastIndex(({ eventType }) => eventType === type)
      const overflow = probe.events.findIndex(({ eventType }) => eventType === 'OVERFLOW')
      const recovered = last('RECOVERED')
      expect(probe.controls[1]).toBe('OVERFLOW')
      expect(probe.controls.at(-1)).toBe('RECOVERED')
      expect(recovered).toBeGreaterThan(overflow)
      expect(probe.events.map(({ seq }) => seq)).toEqual(probe.events.map((_, index) => index + 1))

      const repair = probe.events.filter(
        ({ synthetic }, index) => synthetic && index > overflow && index < recovered,
      )
      const counted = (type: string) => repair.filter(({ eventType }) => eventType === type).length
      if (probe.controls.length === 3) {
        expect(probe.events[recovered]!.controlDetails!.counts).toEqual({
          created: counted('CREATE'),
          deleted: counted('DELETE'),
          modified: counted('MODIFY'),
          renamed: counted('MOVED_TO'),
        })
      }
      expect(counted('CREATE')).toBeGreaterThan(0)
      expect(counted('DELETE')).toBeGreaterThan(0)
      expect(counted('MOVED_TO')).toBeGreaterThan(0)
      const modified = (path: string) =>
        probe.events.some(({ eventType, filePath }) => eventType === 'MODIFY' && filePath === at(path))
      expect(modified('early')).toBe(true)
      expect(modified('late')).toBe(true)
    }))

  testWith([queueSysctl], 'is not used up for ever by its own reading of directories', () =>
    withDirectory(async (top) => {
      for (let d = 0; d < DIRECTORIES; d++) fs.mkdirSync(join(top, `d${d}`, 'a', 'b'), { recursive: true })
      const probe = withQueueLength(
        SHORT_QUEUE,
        () => new SourceProbe({ paths: top, binding, backlog: 65_536 }),
      )
      try {
        await probe.ready()
        expect(probe.events[0]!.controlDetails!.counts).toEqual({ watches: 3 * DIRECTORIES + 1 })
        for (let i = 0; i < MANY; i++) fs.writeFileSync(join(top, 'd0', `${i}`), '')
        await probe.sees('RECOVERED')
        await probe.stop()
        expect(probe.has('CREATE', join(top, 'd0', `${MANY - 1}`))).toBe(true)
      } finally {
        probe.unsubscribe()
      }
    }),
  )

  test('with repair off, OVERFLOW is told and the watches are renewed', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      for (let d = 0; d < DIRECTORIES; d++) fs.mkdirSync(at(`d${d}/sub`), { recursive: true })
      for (const file of ['early', 'late', 'gone']) fs.writeFileSync(at(file), '')
      const probe = await watching(
        { paths: top, binding, backlog: 65_536, repair: 'off' },
        async (running) => {
          change(at)
          await running.sees('OVERFLOW')
          // Made after the overflow was told: it is watched as soon as the watches are.
          let tries = 0
          const file = () => at(`d3/sub/after-${tries}`)
          await until(
            () => {
              if (running.has('CREATE', file())) return true
              tries++
              fs.writeFileSync(file(), '')
              return false
            },
            () => 'an event in a directory that was watched before',
          )
        },
      )
      expect(probe.controls).not.toContain('RECOVERED')
      expect(probe.events.filter(({ synthetic, eventType }) => synthetic && eventType === 'DELETE')).toEqual(
        [],
      )
    }))
})
