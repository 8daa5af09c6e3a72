import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from '@jest/globals'
import type { EventType } from '../../src/events/index.js'
import type { InotifySourceOptions } from '../../src/sources/inotify.js'
import { describeBindings } from '../helpers/bindings.js'
import { mounting } from '../helpers/requires.js'
import { SourceProbe, watching } from '../helpers/SourceProbe.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const namesOnly = new Set<EventType>([
  'CREATE',
  'DELETE',
  'MOVED_FROM',
  'MOVED_TO',
  'DELETE_SELF',
  'MOVE_SELF',
])
const contents = new Set<EventType>([...namesOnly, 'MODIFY'])

describeBindings('roots of the inotify source', ({ binding, test, testWith }) => {
  const watch = (
    paths: InotifySourceOptions['paths'],
    use: (probe: SourceProbe) => Promise<void> | void,
    eventTypes: ReadonlySet<EventType> = namesOnly,
  ) => watching({ paths, binding }, use, { request: { eventTypes } })

  test('goes on seeing a file that editors replace at each save, and tells of no other', () =>
    withDirectory(async (top) => {
      const file = join(top, 'notes.txt')
      fs.writeFileSync(file, '0')
      fs.writeFileSync(join(top, 'other'), '')
      fs.mkdirSync(join(top, 'sub'))
      const probe = await watch(
        file,
        async (running) => {
          for (let save = 1; save <= 3; save++) {
            fs.writeFileSync(join(top, '.notes.swp'), String(save))
            fs.renameSync(join(top, '.notes.swp'), file)
            fs.writeFileSync(join(top, 'other'), String(save))
          }
          fs.unlinkSync(file)
          fs.writeFileSync(file, 'again')
          fs.appendFileSync(file, 'more')
          fs.mkdirSync(join(top, 'sub', 'd'))
          await running.sees('CREATE', file)
        },
        new Set([...contents, 'CLOSE_WRITE', 'ATTRIB'] as const),
      )
      const moved = ['MOVED_TO notes.txt', 'MOVED_TO notes.txt', 'MOVED_TO notes.txt']
      expect(probe.told(top)).toEqual([
        ...moved,
        'DELETE notes.txt',
        'CREATE notes.txt',
        'MODIFY notes.txt',
        'CLOSE_WRITE notes.txt',
        'MODIFY notes.txt',
        'CLOSE_WRITE notes.txt',
      ])
      expect(probe.events[0]!.controlDetails!.counts).toEqual({ watches: 1 })
    }))

  test('tells each event once when roots overlap', () =>
    withDirectory(async (top) => {
      fs.mkdirSync(join(top, 'a', 'b'), { recursive: true })
      fs.writeFileSync(join(top, 'a', 'f'), '')
      fs.symlinkSync('a', join(top, 'link'))
      const paths = ['a/b', '', 'a', 'a/f', 'link', 'a'].map((path) => join(top, path))
      const probe = await watch(paths, () => {
        fs.writeFileSync(join(top, 'a', 'b', 'g'), '')
        fs.unlinkSync(join(top, 'a', 'f'))
      })
      expect(probe.told(top)).toEqual(['CREATE a/b/g', 'DELETE a/f'])
      expect(probe.controls).toEqual(['MONITOR_START'])
    }))

  test('watches several roots, and says of each event under which it lies', () =>
    withDirectory(async (top) => {
      for (const root of ['a', 'b/c']) fs.mkdirSync(join(top, root), { recursive: true })
      const probe = await watch([join(top, 'a'), join(top, 'b/c')], () => {
        fs.writeFileSync(join(top, 'a', 'f'), '')
        fs.writeFileSync(join(top, 'b', 'f'), '')
        fs.writeFileSync(join(top, 'b', 'c', 'f'), '')
        fs.renameSync(join(top, 'a', 'f'), join(top, 'b', 'c', 'g'))
      })
      expect(probe.told(top)).toEqual(['CREATE a/f', 'CREATE b/c/f', 'MOVED_FROM a/f', 'MOVED_TO b/c/g'])
      expect(probe.events.slice(1).map((event) => relative(top, event.root))).toEqual([
        'a',
        'b/c',
        'a',
        'b/c',
      ])
    }))

  test('makes relative paths absolute, by the folder in which it is opened', () =>
    withDirectory(async (top) => {
      const probe = await watch(relative(process.cwd(), top), () => fs.writeFileSync(join(top, 'f'), ''))
      expect(probe.events[1]).toMatchObject({ filePath: join(top, 'f'), root: top })
    }))

  test('tells that a root is gone', () =>
    withDirectory(async (top) => {
      const root = join(top, 'root')
      fs.mkdirSync(join(root, 'sub'), { recursive: true })
      const probe = await watch(root, async (running) => {
        fs.rmSync(root, { recursive: true })
        await running.sees('DELETE_SELF', root)
      })
      expect(probe.told(top)).toEqual(['DELETE root/sub', 'DELETE_SELF root'])
    }))

  testWith([mounting], 'tells that the filesystem of a root was unmounted', () =>
    withDirectory(async (top) => {
      const root = join(top, 'mounted')
      fs.mkdirSync(root)
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', root])
      let mounted = true
      const unmount = () => {
        if (mounted) execFileSync('umount', ['-l', root])
        mounted = false
      }
      try {
        fs.mkdirSync(join(root, 'sub'))
        const probe = await watch(root, async (running) => {
          unmount()
          await running.sees('UNMOUNT', root)
        })
        expect(probe.controls.filter((type) => type === 'UNMOUNT').length).toBeGreaterThan(0)
      } finally {
        unmount()
      }
    }),
  )

  test('picks up a root again that was deleted, with its content', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('root/sub'), { recursive: true })
      const probe = await watch(at('root'), async (running) => {
        for (const round of ['1', '2']) {
          fs.rmSync(at('root'), { recursive: true })
          await running.sees('DELETE_SELF', at('root'))
          fs.mkdirSync(at('root/a/b'), { recursive: true })
          fs.writeFileSync(at(`root/a/b/${round}`), '')
          await running.sees('CREATE', at(`root/a/b/${round}`))
          fs.writeFileSync(at(`root/a/after-${round}`), '')
          await running.sees('CREATE', at(`root/a/after-${round}`))
        }
      })
      const state = new TreeState()
      for (const event of probe.events) state.apply(event)
      expect(state.differences(listTree(top))).toEqual([])
    }))

  test('fails at once for a root that is not there, or waits for it', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      await expect(new SourceProbe({ paths: at('late/root'), binding }).ready()).rejects.toMatchObject({
        code: 'FSFLOW_PATH_NOT_FOUND',
      })
      const probe = await watching(
        { paths: at('late/root'), binding, waitForPath: true },
        async (running) => {
          fs.mkdirSync(at('late/other'), { recursive: true })
          fs.mkdirSync(at('late/root/sub'), { recursive: true })
          fs.writeFileSync(at('late/root/sub/f'), '')
          await running.sees('CREATE', at('late/root/sub/f'))
          fs.writeFileSync(at('late/root/g'), '')
          await running.sees('CREATE', at('late/root/g'))
        },
      )
      expect(probe.events[0]!.eventType).toBe('MONITOR_START')
      const paths = probe.events.filter(({ isControl }) => !isControl).map(({ filePath }) => filePath)
      expect(paths.filter((path) => !`${path}/`.startsWith(`${at('late/root')}/`))).toEqual([])
    }))

  /** What a consumer holds of the roots, each of them told as an entry. */
  const heldAt = (paths: readonly string[], probe: SourceProbe): (() => string[]) => {
    const list = () =>
      new Map(
        paths
          .filter((path) => fs.existsSync(path))
          .flatMap((path): [string, boolean][] => {
            const isDirectory = fs.statSync(path).isDirectory()
            return [[path, isDirectory], ...(isDirectory ? listTree(path) : [])]
          }),
      )
    const state = new TreeState(list())
    let applied = probe.events.length
    return () => {
      for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
      return state.differences(list())
    }
  }
  const agreed = (differences: () => string[]) =>
    until(
      () => differences().length === 0,
      () => differences().join(', '),
    )

  test('tells that a directory above a root was renamed, and awaits the root at its path', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('a/b/root/sub'), { recursive: true })
      const probe = await watch(at('a/b/root'), async (running) => {
        const held = heldAt([at('a/b/root')], running)
        fs.renameSync(at('a'), at('elsewhere'))
        await running.sees('MOVE_SELF', at('a/b/root'))
        fs.writeFileSync(at('elsewhere/b/root/sub/unseen'), '')
        fs.mkdirSync(at('a/b/root/other'), { recursive: true })
        await running.sees('CREATE', at('a/b/root/other'))
        await agreed(held)
        fs.renameSync(at('a/b'), at('a/c'))
        fs.renameSync(at('elsewhere/b'), at('a/b'))
        await running.sees('CREATE', at('a/b/root/sub'))
        await agreed(held)
        fs.writeFileSync(at('a/b/root/sub/seen'), '')
        await running.sees('CREATE', at('a/b/root/sub/seen'))
      })
      expect(probe.told(top).filter((line) => line.startsWith('MOVE_SELF'))).toHaveLength(2)
      // It is there again when it comes back: so it is told then, as what had happened to it meanwhile.
      expect(probe.told(top).filter((line) => line.includes('unseen'))).toEqual([
        '~CREATE a/b/root/sub/unseen',
      ])
    }))

  test('tells that a file named as root is gone with the directory above it, and when it is back', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('a/b'), { recursive: true })
      fs.writeFileSync(at('a/b/f'), '')
      fs.writeFileSync(at('a/b/other'), '')
      const probe = await watch(at('a/b/f'), async (running) => {
        const held = heldAt([at('a/b/f')], running)
        fs.renameSync(at('a'), at('elsewhere'))
        await running.sees('DELETE', at('a/b/f'))
        fs.renameSync(at('elsewhere'), at('a'))
        await running.sees('CREATE', at('a/b/f'))
        await agreed(held)
        fs.rmSync(at('a'), { recursive: true })
        await agreed(held)
        fs.mkdirSync(at('a/b'), { recursive: true })
        fs.writeFileSync(at('a/b/f'), '')
        await agreed(held)
      })
      expect(probe.told(top).map((line) => line.replace('~', ''))).toEqual([
        'DELETE a/b/f',
        'CREATE a/b/f',
        'DELETE a/b/f',
        'CREATE a/b/f',
      ])
    }))

  test('awaits two files of one directory, and no other', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      const paths = [at('later/one'), at('later/two')]
      const probe = await watching({ paths, binding, waitForPath: true }, async (running) => {
        const held = heldAt(paths, running)
        fs.mkdirSync(at('later'))
        fs.writeFileSync(at('later/one'), '')
        await running.sees('CREATE', at('later/one'))
        fs.writeFileSync(at('later/other'), '')
        fs.writeFileSync(at('later/two'), '')
        await running.sees('CREATE', at('later/two'))
        await agreed(held)
        fs.appendFileSync(at('later/one'), 'x')
        await running.sees('MODIFY', at('later/one'))
        fs.renameSync(at('later/other'), at('later/two'))
        await running.sees('MOVED_TO', at('later/two'))
        fs.unlinkSync(at('later/one'))
        await running.sees('DELETE', at('later/one'))
        await agreed(held)
      })
      expect(probe.told(top).filter((line) => line.includes('other'))).toEqual([])
      expect(
        probe
          .told(top)
          .filter((line) => line.includes('CREATE'))
          .map((line) => line.replace('~', '')),
      ).toEqual(['CREATE later/one', 'CREATE later/two'])
    }))

  test('awaits what a link leads to that dangles, or fails at once', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.symlinkSync('later/target', at('link'))
      await expect(new SourceProbe({ paths: at('link'), binding }).ready()).rejects.toMatchObject({
        code: 'FSFLOW_PATH_NOT_FOUND',
      })
      const options = { paths: at('link'), binding, waitForPath: true, pollInterval: 30 }
      await watching(options, async (running) => {
        fs.mkdirSync(at('later/target/sub'), { recursive: true })
        await running.sees('CREATE', at('link/sub'))
        fs.writeFileSync(at('later/target/sub/f'), '')
        await running.sees('CREATE', at('link/sub/f'))
      })
    }))

  test('goes on with a root that is replaced by another kind', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('root/sub'), { recursive: true })
      await watch(at('root'), async (running) => {
        const held = heldAt([at('root')], running)
        for (const round of ['1', '2']) {
          fs.rmSync(at('root'), { recursive: true })
          fs.writeFileSync(at('root'), round)
          await agreed(held)
          await running.sees('CREATE', at('root'))
          fs.unlinkSync(at('root'))
          fs.mkdirSync(at('root'))
          fs.writeFileSync(at(`root/${round}`), '')
          await running.sees('CREATE', at(`root/${round}`))
          await agreed(held)
          fs.mkdirSync(at(`root/dir-${round}`))
          fs.writeFileSync(at(`root/dir-${round}/f`), '')
          await running.sees('CREATE', at(`root/dir-${round}/f`))
        }
      })
    }))

  test('tells each event once when one of two roots that overlap goes and comes back', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('root/sub/deep'), { recursive: true })
      const paths = [at('root'), at('root/sub'), at('root/sub/deep')]
      const probe = await watch(paths, async (running) => {
        const held = heldAt([at('root')], running)
        fs.renameSync(at('root/sub'), at('gone'))
        await agreed(held)
        fs.mkdirSync(at('root/sub/deep'), { recursive: true })
        fs.writeFileSync(at('root/sub/deep/f'), '')
        await running.sees('CREATE', at('root/sub/deep/f'))
        fs.writeFileSync(at('root/sub/deep/g'), '')
        await running.sees('CREATE', at('root/sub/deep/g'))
        fs.rmSync(at('root'), { recursive: true })
        await agreed(held)
        fs.mkdirSync(at('root/sub/deep'), { recursive: true })
        fs.writeFileSync(at('root/sub/deep/h'), '')
        await running.sees('CREATE', at('root/sub/deep/h'))
        await agreed(held)
      })
      for (const name of ['f', 'g', 'h'])
        expect(probe.told(top).filter((line) => line.endsWith(`CREATE root/sub/deep/${name}`))).toHaveLength(
          1,
        )
    }))
})
