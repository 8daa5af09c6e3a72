import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { eventGroups, type EventType } from '../../src/events/index.js'
import { describeBindings } from '../helpers/bindings.js'
import { mounting } from '../helpers/requires.js'
import { watching, type SourceProbe } from '../helpers/SourceProbe.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { withFilesystem, withMount } from '../helpers/withFilesystem.js'

const changes = new Set<EventType>([...eventGroups.changes, 'UNMOUNT'])

function mount(args: readonly string[], target: string): void {
  execFileSync('mount', [...args, target])
}

const mountTmpfs = (target: string): void => mount(['-t', 'tmpfs', 'tmpfs'], target)

function unmount(target: string): void {
  execFileSync('umount', ['-l', target])
}

describeBindings('mounts below and at a root of the inotify source', ({ binding, testWith }) => {
  /** Runs `use` on a filesystem of its own, with a watch of `root` in it; what is mounted there goes with it. */
  const mounted = (
    name: string,
    prepare: (at: (path: string) => string) => void,
    use: (probe: SourceProbe, at: (path: string) => string, told: () => string[]) => Promise<void>,
    paths: readonly string[] = ['root'],
  ): void => {
    testWith([mounting], name, () =>
      withFilesystem('tmpfs', async (top) => {
        const at = (path: string): string => join(top, path)
        fs.mkdirSync(at('root'))
        try {
          prepare(at)
          const options = { paths: paths.map(at), binding, pollInterval: 50 }
          await watching(
            options,
            async (probe) => {
              const state = new TreeState(new Map([[at('root'), true], ...listTree(at('root'))]))
              let applied = 0
              const differences = (): string[] => {
                for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
                const disk = fs.existsSync(at('root'))
                  ? new Map([[at('root'), true], ...listTree(at('root'))])
                  : new Map<string, boolean>()
                return state.differences(disk)
              }
              await use(probe, at, () => probe.told(at('root')))
              await until(
                () => differences().length === 0,
                () => differences().join(', '),
              )
            },
            { request: { eventTypes: changes } },
          )
        } finally {
          while (spawnSync('umount', ['-l', at('root')], { stdio: 'ignore' }).status === 0);
        }
      }),
    )
  }

  mounted(
    'what is mounted over a directory is told instead of what was there, and the other way round',
    (at) => {
      fs.mkdirSync(at('root/d/sub'), { recursive: true })
      fs.writeFileSync(at('root/d/sub/f'), '')
    },
    async (probe, at, told) => {
      mountTmpfs(at('root/d'))
      await probe.sees('DELETE', at('root/d/sub'))
      expect(told()).toEqual(['~DELETE d/sub/f', '~DELETE d/sub'])
      fs.mkdirSync(at('root/d/new'))
      await probe.sees('CREATE', at('root/d/new'))
      fs.writeFileSync(at('root/d/new/g'), '')
      await probe.sees('CREATE', at('root/d/new/g'))
      unmount(at('root/d'))
      await probe.sees('CREATE', at('root/d/sub/f'))
      expect(probe.controls.filter((type) => type === 'UNMOUNT')).toHaveLength(1)
      expect(told().slice(-4)).toEqual([
        '~DELETE d/new/g',
        '~DELETE d/new',
        '~CREATE d/sub',
        '~CREATE d/sub/f',
      ])
      fs.unlinkSync(at('root/d/sub/f'))
      await probe.sees('DELETE', at('root/d/sub/f'))
    },
  )

  mounted(
    'a filesystem that is mounted with its content is told entry by entry',
    (at) => {
      fs.mkdirSync(at('other/a/b'), { recursive: true })
      fs.writeFileSync(at('other/a/b/f'), '')
      fs.mkdirSync(at('root/d'))
    },
    async (probe, at, told) => {
      mount(['--bind', at('other')], at('root/d'))
      await probe.sees('CREATE', at('root/d/a/b/f'))
      expect(told()).toEqual(['~CREATE d/a', '~CREATE d/a/b', '~CREATE d/a/b/f'])
      fs.writeFileSync(at('other/a/b/g'), '')
      await probe.sees('CREATE', at('root/d/a/b/g'))
      unmount(at('root/d'))
      await probe.sees('DELETE', at('root/d/a'))
      fs.writeFileSync(at('root/d/own'), '')
      await probe.sees('CREATE', at('root/d/own'))
    },
  )

  mounted(
    'what is mounted deep below a directory that was mounted itself',
    (at) => fs.mkdirSync(at('root/d')),
    async (probe, at) => {
      mountTmpfs(at('root/d'))
      fs.mkdirSync(at('root/d/e'))
      await probe.sees('CREATE', at('root/d/e'))
      mountTmpfs(at('root/d/e'))
      fs.writeFileSync(at('root/d/e/f'), '')
      await probe.sees('CREATE', at('root/d/e/f'))
      execFileSync('umount', ['-R', '-l', at('root/d')])
      await probe.sees('DELETE', at('root/d/e'))
      fs.writeFileSync(at('root/d/again'), '')
      await probe.sees('CREATE', at('root/d/again'))
    },
  )

  mounted(
    'a mount that comes later, below a directory that is new and was renamed',
    () => undefined,
    async (probe, at) => {
      fs.mkdirSync(at('root/new/sub'), { recursive: true })
      await probe.sees('CREATE', at('root/new/sub'))
      fs.renameSync(at('root/new'), at('root/named'))
      mountTmpfs(at('root/named/sub'))
      fs.writeFileSync(at('root/named/sub/f'), '')
      await probe.sees('CREATE', at('root/named/sub/f'))
      unmount(at('root/named/sub'))
      await probe.sees('DELETE', at('root/named/sub/f'))
    },
  )

  mounted(
    'one mount in the place of another',
    (at) => {
      fs.mkdirSync(at('root/d'))
      mountTmpfs(at('root/d'))
      fs.writeFileSync(at('root/d/first'), '')
    },
    async (probe, at) => {
      unmount(at('root/d'))
      mountTmpfs(at('root/d'))
      fs.writeFileSync(at('root/d/second'), '')
      await probe.sees('CREATE', at('root/d/second'))
      await probe.sees('DELETE', at('root/d/first'))
    },
  )

  mounted(
    'a directory of the tree that is mounted at another place of it is told under one path, and says so',
    (at) => {
      fs.mkdirSync(at('root/a/sub'), { recursive: true })
      fs.writeFileSync(at('root/a/sub/f'), '')
      fs.mkdirSync(at('root/b'))
      fs.writeFileSync(at('root/b/own'), '')
    },
    async (probe, at) => {
      mount(['--bind', at('root/a')], at('root/b'))
      await probe.sees('WARNING', at('root/b'))
      expect(probe.issues).toMatchObject([{ code: 'FSFLOW_ALIAS', path: at('root/b') }])
      await probe.sees('DELETE', at('root/b/own'))
      fs.writeFileSync(at('root/b/sub/g'), '')
      await probe.sees('CREATE', at('root/a/sub/g'))
      expect(probe.has('CREATE', at('root/b/sub/g'))).toBe(false)
      unmount(at('root/b'))
      await probe.sees('CREATE', at('root/b/own'))
      fs.unlinkSync(at('root/b/own'))
      await probe.sees('DELETE', at('root/b/own'))
    },
  )

  mounted(
    'when a directory that is mounted at two places goes from one of them, it is told under the other',
    (at) => {
      for (const name of ['a', 'b']) fs.mkdirSync(at(`root/${name}`))
      fs.mkdirSync(at('outside/sub'), { recursive: true })
      for (const name of ['a', 'b']) mount(['--bind', at('outside')], at(`root/${name}`))
    },
    async (probe, at) => {
      const main = probe.issues[0]?.path === at('root/a') ? 'b' : 'a'
      const other = main === 'a' ? 'b' : 'a'
      fs.writeFileSync(at('outside/f'), '')
      await probe.sees('CREATE', at(`root/${main}/f`))
      unmount(at(`root/${main}`))
      await probe.sees('CREATE', at(`root/${other}/sub`))
      fs.writeFileSync(at('outside/sub/g'), '')
      await probe.sees('CREATE', at(`root/${other}/sub/g`))
    },
  )

  mounted(
    'a root that is unmounted, mounted again, and unmounted once more',
    (at) => {
      fs.writeFileSync(at('root/under'), '')
      mountTmpfs(at('root'))
      fs.mkdirSync(at('root/first'))
    },
    async (probe, at) => {
      unmount(at('root'))
      await probe.sees('UNMOUNT', at('root'))
      await probe.sees('CREATE', at('root/under'))
      expect(probe.has('DELETE', at('root/first'))).toBe(true)
      mountTmpfs(at('root'))
      fs.mkdirSync(at('root/second'))
      await probe.sees('CREATE', at('root/second'))
      await probe.sees('DELETE', at('root/under'))
      unmount(at('root'))
      await until(
        () => probe.controls.filter((type) => type === 'UNMOUNT').length === 2,
        () => `a second UNMOUNT: ${probe.controls.join()}`,
      )
    },
  )

  mounted(
    'a filesystem mounted over a root, and over a directory above it',
    (at) => {
      fs.mkdirSync(at('above/root/sub'), { recursive: true })
      fs.rmdirSync(at('root'))
      fs.symlinkSync('above/root', at('root'))
    },
    async (probe, at) => {
      mountTmpfs(at('above/root'))
      await probe.sees('DELETE', at('root/sub'))
      fs.writeFileSync(at('above/root/f'), '')
      await probe.sees('CREATE', at('root/f'))
      mountTmpfs(at('above'))
      await probe.sees('DELETE', at('root/f'))
      fs.mkdirSync(at('above/root'))
      fs.writeFileSync(at('above/root/g'), '')
      await probe.sees('CREATE', at('root/g'))
      unmount(at('above'))
      await probe.sees('CREATE', at('root/f'))
    },
  )

  mounted(
    'two roots of which one is a mount point below the other',
    (at) => {
      fs.mkdirSync(at('root/d'))
      mountTmpfs(at('root/d'))
      fs.writeFileSync(at('root/d/f'), '')
    },
    async (probe, at, told) => {
      fs.writeFileSync(at('root/d/g'), '')
      await probe.sees('CREATE', at('root/d/g'))
      unmount(at('root/d'))
      await probe.sees('DELETE', at('root/d/f'))
      fs.writeFileSync(at('root/d/h'), '')
      await probe.sees('CREATE', at('root/d/h'))
      expect(told().filter((line) => line.endsWith('CREATE d/h'))).toHaveLength(1)
      expect(told().filter((line) => line.endsWith('DELETE d/f'))).toHaveLength(1)
    },
    ['root', 'root/d'],
  )

  mounted(
    'a mount that is moved to another place of the tree',
    (at) => {
      for (const name of ['a', 'b']) fs.mkdirSync(at(`root/${name}`))
      // What is mounted below a shared mount cannot be moved.
      execFileSync('mount', ['--make-private', at('')])
      mountTmpfs(at('root/a'))
      fs.writeFileSync(at('root/a/f'), '')
    },
    async (probe, at) => {
      execFileSync('mount', ['--move', at('root/a'), at('root/b')])
      await probe.sees('CREATE', at('root/b/f'))
      await probe.sees('DELETE', at('root/a/f'))
      fs.writeFileSync(at('root/b/g'), '')
      await probe.sees('CREATE', at('root/b/g'))
      fs.writeFileSync(at('root/a/h'), '')
      await probe.sees('CREATE', at('root/a/h'))
    },
  )

  testWith([mounting], 'roots that are awaited while something is mounted are told once they are there', () =>
    withFilesystem('tmpfs', async (top) => {
      const at = (path: string): string => join(top, path)
      fs.mkdirSync(at('root/d'), { recursive: true })
      fs.mkdirSync(at('other/sub'), { recursive: true })
      const paths = ['root', 'later/one', 'later/two', 'later/three'].map(at)
      const options = { paths, binding, waitForPath: true, pollInterval: 50 }
      const probe = await watching(options, async (running) => {
        await withMount(['--bind', at('other')], at('root/d'), () => running.sees('CREATE', at('root/d/sub')))
        fs.mkdirSync(at('later'))
        fs.writeFileSync(at('later/one'), '')
        await running.sees('CREATE', at('later/one'))
        fs.writeFileSync(at('later/two'), '')
        fs.mkdirSync(at('later/three/sub'), { recursive: true })
        await running.sees('CREATE', at('later/two'))
        await running.sees('CREATE', at('later/three/sub'))
        fs.writeFileSync(at('root/f'), '')
        await running.sees('CREATE', at('root/f'))
      })
      const births = probe.told(top).filter((line) => line.includes('CREATE later'))
      expect(births.map((line) => line.replace('~', '')).sort()).toEqual([
        'CREATE later/one',
        'CREATE later/three',
        'CREATE later/three/sub',
        'CREATE later/two',
      ])
    }),
  )
})
