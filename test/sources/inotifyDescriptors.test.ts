import { join } from 'node:path'
import { expect } from '@jest/globals'
import { describeBindings, userNamespace } from '../helpers/bindings.js'
import { runForJson } from '../helpers/runChild.js'
import { withDirectory } from '../helpers/withDirectory.js'

const FEW_FILES = ['sh', '-c', 'ulimit -n 64 && exec "$0" "$@"']

describeBindings('inotify source without descriptors', ({ binding, test, testWith }) => {
  interface Starved {
    outcomes: string[]
    later: { issues: { code: string; path: string; hint: string }[]; controls: string[] }
  }

  test('says at the start what is missing, later tells by a warning, and what it missed once it can', () =>
    withDirectory(async (top) => {
      const { outcomes, later } = await runForJson<Starved>('sourceStarved', [binding, top, 'descriptors'], {
        prefix: FEW_FILES,
      })
      const hint = 'This process has too many open files: raise its limit (ulimit -n).'
      expect(outcomes[0]).toBe(`FSFLOW_KERNEL: inotify_init1 failed: EMFILE (${hint})`)
      expect(outcomes.at(-1)).toBe('ready')
      const others = outcomes.filter((outcome) => outcome !== 'ready')
      expect(
        others.filter((one) => !one.startsWith('FSFLOW_KERNEL: ') || !one.endsWith(`(${hint})`)),
      ).toEqual([])
      expect(later.controls.slice(0, 2)).toEqual(['MONITOR_START', 'WARNING'])
      expect(later.issues[0]).toEqual({ code: 'FSFLOW_KERNEL', path: join(top, 'a'), hint })
    }))

  testWith([userNamespace], 'says at the start when no instance is free, and how to raise the limit', () =>
    withDirectory(async (top) => {
      const { outcomes } = await runForJson<Starved>('sourceStarved', [binding, top, 'instances'], {
        prefix: ['unshare', '-Ur'],
      })
      expect(outcomes[0]).toMatch(
        /^FSFLOW_WATCH_LIMIT: no inotify instance is free: the limit for a user is 0 \(Raise it with: sudo sysctl user\.max_inotify_instances=\d+\)$/,
      )
      expect(outcomes[1]).toBe('ready')
    }),
  )
})
