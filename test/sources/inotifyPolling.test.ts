import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { eventGroups, type EventType } from '../../src/events/index.js'
import { inotify, type InotifySourceOptions } from '../../src/sources/inotify.js'
import { describeBindings, userNamespace } from '../helpers/bindings.js'
import { mounting, program } from '../helpers/requires.js'
import { runForJson } from '../helpers/runChild.js'
import { SourceProbe, watching } from '../helpers/SourceProbe.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { mounted, withFilesystem, withMount } from '../helpers/withFilesystem.js'

const changes = new Set<EventType>(eventGroups.changes)

describeBindings('an overlay in the inotify source', ({ binding, test, testWith }) => {
  /** Runs `use` with an overlay that is mounted at `root/over` below the path that `at` gives. */
  const overlaid = (name: string, use: (at: (path: string) => string) => Promise<void>): void => {
    testWith([mounting], name, () =>
      withFilesystem('tmpfs', async (top) => {
        const at = (path: string): string => join(top, path)
        for (const path of ['lower/old/deep', 'upper', 'work', 'root/over', 'root/plain'])
          fs.mkdirSync(at(path), { recursive: true })
        fs.writeFileSync(at('lower/old/deep/f'), 'as it was')
        const layers = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`
        await withMount(['-t', 'overlay', '-o', layers, 'overlay'], at('root/over'), () => use(at))
      }),
    )
  }
  const watch = (
    at: (path: string) => string,
    use: (probe: SourceProbe) => Promise<void> | void,
    options: Partial<InotifySourceOptions> = {},
  ) =>
    watching({ paths: at('root'), binding, pollInterval: 30, ...options }, use, {
      request: { eventTypes: changes },
    })

  overlaid('tells what happens in its layers, past the mount, and names the mount once', async (at) => {
    const probe = await watch(at, async (running) => {
      fs.writeFileSync(at('lower/old/deep/f'), 'as it is now')
      await running.sees('MODIFY', at('root/over/old/deep/f'))
      fs.mkdirSync(at('lower/old/new/sub'), { recursive: true })
      fs.writeFileSync(at('lower/old/new/sub/g'), '')
      await running.sees('CREATE', at('root/over/old/new/sub/g'))
      fs.unlinkSync(at('lower/old/deep/f'))
      await running.sees('DELETE', at('root/over/old/deep/f'))
      fs.writeFileSync(at('upper/h'), '')
      await running.sees('CREATE', at('root/over/h'))
      fs.rmSync(at('lower/old/new'), { recursive: true })
      await running.sees('DELETE', at('root/over/old/new'))
    })
    expect(probe.told(at('root')).filter((line) => !line.includes('MODIFY'))).toEqual([
      '~CREATE over/old/new',
      '~CREATE over/old/new/sub',
      '~CREATE over/old/new/sub/g',
      '~DELETE over/old/deep/f',
      '~CREATE over/h',
      '~DELETE over/old/new/sub/g',
      '~DELETE over/old/new/sub',
      '~DELETE over/old/new',
    ])
    expect(probe.controls).toEqual(['WARNING', 'MONITOR_START'])
    expect(probe.issues).toMatchObject([{ code: 'FSFLOW_BLIND', path: at('root/over') }])
  })

  overlaid('tells what is done through the mount once, by its record', async (at) => {
    const source = inotify({ paths: at('root'), binding, pollInterval: 30 })
    const probe = await new SourceProbe(source, { request: { eventTypes: changes } }).ready()
    try {
      fs.mkdirSync(at('root/over/new'))
      fs.writeFileSync(at('root/over/new/f'), 'x')
      await probe.sees('CREATE', at('root/over/new/f'))
      fs.writeFileSync(at('root/over/old/deep/f'), 'copied up')
      fs.renameSync(at('root/over/new'), at('root/over/named'))
      fs.writeFileSync(at('root/over/named/g'), '')
      await probe.sees('CREATE', at('root/over/named/g'))
      const { begun } = source.stats!().looks!
      await until(
        () => source.stats!().looks!.ended > begun + 1,
        () => 'two whole looks',
      )
      await probe.stop()
    } finally {
      probe.unsubscribe()
    }
    const births = probe.told(at('root')).filter((line) => /CREATE|MOVED|DELETE/.test(line))
    expect(births.map((line) => line.replace('~', '')).sort()).toEqual([
      'CREATE over/named/g',
      'CREATE over/new',
      'CREATE over/new/f',
      'MOVED_FROM over/new',
      'MOVED_TO over/named',
    ])
  })

  overlaid("with poll: 'off', tells nothing of it and says nothing", async (at) => {
    const source = inotify({ paths: at('root'), binding, poll: 'off', pollInterval: 30 })
    const probe = await new SourceProbe(source, { request: { eventTypes: changes } }).ready()
    try {
      fs.writeFileSync(at('lower/past'), '')
      fs.writeFileSync(at('root/over/through'), '')
      await probe.sees('CREATE', at('root/over/through'))
      // What is looked for with node-inotify are mounts.
      if (binding === 'node-inotify') {
        const { begun } = source.stats!().looks!
        await until(
          () => source.stats!().looks!.ended > begun + 1,
          () => 'two whole looks',
        )
      } else expect(source.stats!().looks).toMatchObject({ needed: false, begun: 0 })
      await probe.stop()
    } finally {
      probe.unsubscribe()
    }
    expect(probe.told(at('root')).filter((line) => line.includes('past'))).toEqual([])
    expect(probe.controls).toEqual(['MONITOR_START'])
  })

  testWith([mounting], 'is polled when it is mounted later, and no more when it is gone', () =>
    withFilesystem('tmpfs', async (top) => {
      const at = (path: string): string => join(top, path)
      for (const path of ['lower', 'upper', 'work', 'root/over']) fs.mkdirSync(at(path), { recursive: true })
      const source = inotify({ paths: at('root'), binding, pollInterval: 30 })
      const probe = await new SourceProbe(source, { request: { eventTypes: changes } }).ready()
      try {
        const layers = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`
        for (const round of [1, 2]) {
          await withMount(['-t', 'overlay', '-o', layers, 'overlay'], at('root/over'), async () => {
            await until(
              () => probe.issues.length === round,
              () => `${round} warnings`,
            )
            fs.writeFileSync(at(`lower/${round}`), '')
            await probe.sees('CREATE', at(`root/over/${round}`))
          })
          await probe.sees('DELETE', at(`root/over/${round}`))
        }
        // The look that has found it gone may still be under way.
        if (binding === 'koffi') {
          await until(
            () => !source.stats!().looks!.needed,
            () => 'looks that are needed no more',
          )
        }
        await probe.stop()
      } finally {
        probe.unsubscribe()
      }
      expect(probe.issues.map(({ code, path }) => `${code} ${path!}`)).toEqual(
        [1, 2].map(() => `FSFLOW_BLIND ${at('root/over')}`),
      )
    }),
  )

  overlaid('as a root that is a single file of a layer', async (at) => {
    const file = at('root/over/old/deep/f')
    const probe = await watch(
      at,
      async (running) => {
        fs.writeFileSync(at('lower/old/deep/f'), 'changed')
        await running.sees('MODIFY', file)
        fs.unlinkSync(at('lower/old/deep/f'))
        await running.sees('DELETE', file)
        fs.writeFileSync(at('lower/old/deep/other'), '')
        fs.writeFileSync(at('lower/old/deep/f'), 'again')
        await running.sees('CREATE', file)
      },
      { paths: file },
    )
    expect(probe.told(at('root')).filter((line) => line.includes('other'))).toEqual([])
    expect(probe.issues).toMatchObject([{ code: 'FSFLOW_BLIND', path: at('root/over/old/deep') }])
  })

  test('needs no looks where inotify sees all', () =>
    withDirectory(async (top) => {
      const source = inotify({ paths: top, binding })
      const probe = await new SourceProbe(source).ready()
      // With node-inotify, mounts are looked for.
      expect(source.stats!().looks!.needed).toBe(binding === 'node-inotify')
      await probe.stop()
    }))
})

describeBindings('a FUSE filesystem in the inotify source', ({ binding, testWith }) => {
  testWith(
    [mounting, program('bindfs')],
    'tells what happens behind the mount, what is done through it once, and names it',
    () =>
      withDirectory(async (top) => {
        const at = (path: string): string => join(top, path)
        for (const path of ['behind/old', 'root/mounted']) fs.mkdirSync(at(path), { recursive: true })
        fs.writeFileSync(at('behind/old/f'), 'as it was')
        execFileSync('bindfs', [at('behind'), at('root/mounted')])
        const probe = await mounted(at('root/mounted'), () =>
          watching(
            { paths: at('root'), binding, pollInterval: 30 },
            async (running) => {
              fs.writeFileSync(at('behind/old/f'), 'as it is now')
              await running.sees('MODIFY', at('root/mounted/old/f'))
              fs.mkdirSync(at('behind/new'))
              fs.writeFileSync(at('behind/new/g'), '')
              await running.sees('CREATE', at('root/mounted/new/g'))
              fs.writeFileSync(at('root/mounted/through'), '')
              await running.sees('CREATE', at('root/mounted/through'))
              fs.rmSync(at('behind/old'), { recursive: true })
              await running.sees('DELETE', at('root/mounted/old'))
            },
            { request: { eventTypes: changes } },
          ),
        )
        const told = probe.told(at('root')).map((line) => line.replace('~', ''))
        expect(told.filter((line) => /CREATE|DELETE|MOVED/.test(line))).toEqual([
          'CREATE mounted/new',
          'CREATE mounted/new/g',
          'CREATE mounted/through',
          'DELETE mounted/old/f',
          'DELETE mounted/old',
        ])
        expect(probe.issues).toMatchObject([{ code: 'FSFLOW_BLIND', path: at('root/mounted') }])
      }),
  )
})

describeBindings('the watch limit in the inotify source', ({ binding, testWith }) => {
  interface Freed {
    /** After each step: the codes of the warnings so far. */
    codes: string[][]
    wrong: string[]
    told: string[]
  }

  testWith(
    [userNamespace],
    'met at the start, left, and met again: each time that is said, and nothing is missed',
    () =>
      withDirectory(async (top) => {
        const { codes, wrong, told } = await runForJson<Freed>('sourceFreed', [binding, 'start', top], {
          prefix: ['unshare', '-Ur'],
        })
        expect(codes).toEqual([
          ['FSFLOW_WATCH_LIMIT'],
          ['FSFLOW_WATCH_LIMIT', 'FSFLOW_WATCHED_AGAIN'],
          ['FSFLOW_WATCH_LIMIT', 'FSFLOW_WATCHED_AGAIN', 'FSFLOW_WATCH_LIMIT'],
          ['FSFLOW_WATCH_LIMIT', 'FSFLOW_WATCHED_AGAIN', 'FSFLOW_WATCH_LIMIT', 'FSFLOW_WATCHED_AGAIN'],
        ])
        expect(wrong).toEqual([])
        // What was written while it was polled is told, without a watch of the directory.
        expect(told).toContainEqual(expect.stringMatching(/^~MODIFY \d\/f$/))
      }),
  )

  testWith([userNamespace], 'met later, while other programs hold watches, until these end', () =>
    withDirectory(async (top) => {
      const { codes, wrong } = await runForJson<Freed>('sourceFreed', [binding, 'later', top], {
        prefix: ['unshare', '-Ur'],
      })
      expect(codes).toEqual([[], ['FSFLOW_WATCH_LIMIT'], ['FSFLOW_WATCH_LIMIT', 'FSFLOW_WATCHED_AGAIN']])
      expect(wrong).toEqual([])
    }),
  )
})
