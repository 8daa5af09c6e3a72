import * as fs from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from '@jest/globals'
import { lastValueFrom, take, tap } from 'rxjs'
import type { OwnFile } from '../../src/contracts/index.js'
import type { EventType, FileEvent } from '../../src/events/index.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { inotify, type InotifySourceOptions } from '../../src/sources/inotify.js'
import { FENCES } from '../../src/linux/Fences.js'
import { ownWatches } from '../../src/watching/ownWatches.js'
import { describeBindings } from '../helpers/bindings.js'
import { makeDeepTree, removeDeepTree } from '../helpers/deepTree.js'
import { bindingDescriptors, holdings, kernelWatches } from '../helpers/procSelf.js'
import { SourceProbe, sourceRequest, watching } from '../helpers/SourceProbe.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { RealInotify } from '../simulation/RealKernel.js'

const ONE_SECOND_MICROS = 1_000_000
const namesOnly = new Set<EventType>([
  'CREATE',
  'DELETE',
  'MOVED_FROM',
  'MOVED_TO',
  'DELETE_SELF',
  'MOVE_SELF',
])
const contents = new Set<EventType>([...namesOnly, 'MODIFY'])

const inoOf = (path: string) => fs.statSync(path).ino

/** Every directory from `top` down. */
function directoriesOf(top: string): string[] {
  const below = fs
    .readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
  return [top, ...below.map((entry) => join(entry.parentPath, entry.name))]
}

function ownFile(path: string): OwnFile {
  const { dev, ino } = fs.statSync(path, { bigint: true })
  return { path, dev, ino }
}

describeBindings('inotify source', ({ binding, test }) => {
  const watch = (
    paths: InotifySourceOptions['paths'],
    use: (probe: SourceProbe) => Promise<void> | void,
    {
      request,
      follow,
      onEvent,
      ...options
    }: ConstructorParameters<typeof SourceProbe>[1] & Partial<InotifySourceOptions> = {},
  ) =>
    watching({ paths, binding, ...options }, use, {
      request: { eventTypes: namesOnly, ...request },
      ...(follow === undefined ? {} : { follow }),
      ...(onEvent === undefined ? {} : { onEvent }),
    })

  test('begins with MONITOR_START, when every directory is watched', () =>
    withDirectory(async (top) => {
      for (let i = 0; i < 30; i++) fs.mkdirSync(join(top, `${i % 5}`, `${i}`, 'x'), { recursive: true })
      fs.symlinkSync('0', join(top, 'link'))
      const expected = directoriesOf(top).map(inoOf).sort()
      const before = kernelWatches().length
      let watched: number[] = []
      const probe = await watch(top, () => undefined, {
        onEvent: (event) => {
          if (event.eventType === 'MONITOR_START')
            watched = kernelWatches()
              .slice(before)
              .map(({ ino }) => ino)
        },
      })
      expect(probe.events[0]).toMatchObject({
        eventType: 'MONITOR_START',
        seq: 1,
        filePath: '',
        controlDetails: { counts: { watches: expected.length } },
      })
      expect(watched).toHaveLength(expected.length + ownWatches([top]))
      for (const ino of expected) expect(watched).toContain(ino)
      expect(probe.events).toHaveLength(1)
    }))

  test('tells what happens to files and directories, in order', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      const probe = await watch(top, () => {
        fs.writeFileSync(at('f'), 'x')
        fs.renameSync(at('f'), at('g'))
        fs.unlinkSync(at('g'))
        fs.mkdirSync(at('d'))
        fs.rmdirSync(at('d'))
      })
      expect(probe.told(top)).toEqual([
        'CREATE f',
        'MOVED_FROM f',
        'MOVED_TO g',
        'DELETE g',
        'CREATE d',
        'DELETE d',
      ])
      const [from, to] = [probe.events[2]!, probe.events[3]!]
      expect(from.cookie).toBeGreaterThan(0)
      expect(to.cookie).toBe(from.cookie)
      expect(probe.events.map((event) => event.isDirectory)).toEqual([
        false,
        false,
        false,
        false,
        false,
        true,
        true,
      ])
      for (const event of probe.events) expect(event).toMatchObject({ source: 'inotify', synthetic: false })
      for (const event of probe.events.slice(1)) expect(event.root).toBe(top)
      expect(probe.events.filter(({ cookie }) => cookie !== undefined)).toHaveLength(2)
    }))

  test('tells each birth once, however fast a chain of directories appears', () =>
    withDirectory(async (top) => {
      const probe = await watch(top, async (running) => {
        for (let i = 0; i < 50; i++) {
          fs.mkdirSync(join(top, `${i}`, 'a', 'b', 'c'), { recursive: true })
          fs.writeFileSync(join(top, `${i}`, 'a', 'b', 'c', 'f'), 'x')
          if (i % 10 === 0) await running.sees('CREATE', join(top, `${i}`, 'a', 'b', 'c', 'f'))
        }
      })
      const births = probe.told(top).map((line) => line.replace('~', ''))
      expect([...births].sort()).toEqual(
        Array.from({ length: 50 }, (_, i) =>
          ['', '/a', '/a/b', '/a/b/c', '/a/b/c/f'].map((end) => `CREATE ${i}${end}`),
        )
          .flat()
          .sort(),
      )
    }))

  test('numbers events without a hole, and its clock never runs backwards', () =>
    withDirectory(async (top) => {
      const before = Date.now() * 1000
      const probe = await watch(
        top,
        async (running) => {
          for (let i = 0; i < 40; i++) {
            fs.mkdirSync(join(top, `${i}`, 'a', 'b'), { recursive: true })
            for (let j = 0; j < 20; j++) fs.writeFileSync(join(top, `${i}`, 'a', 'b', `${j}`), 'x')
            fs.writeFileSync(join(top, `end-${i}`), '')
            await running.sees('CREATE', join(top, `end-${i}`))
          }
        },
        { request: { eventTypes: new Set([...contents, 'ATTRIB', 'CLOSE_WRITE', 'OPEN'] as const) } },
      )
      const times = probe.events.map((event) => event.timestampMicros)
      expect(probe.events.map(({ seq }) => seq)).toEqual(times.map((_, index) => index + 1))
      expect(probe.events.some((event) => event.synthetic)).toBe(true)
      for (let i = 1; i < times.length; i++) expect(times[i]).toBeGreaterThanOrEqual(times[i - 1]!)
      expect(times.every(Number.isSafeInteger)).toBe(true)
      expect(times.some((micros) => micros % 1000 !== 0)).toBe(true)
      expect(times[0]).toBeGreaterThan(before - ONE_SECOND_MICROS)
      expect(times.at(-1)).toBeLessThan(Date.now() * 1000 + ONE_SECOND_MICROS)
    }))

  test('leaves the paths to resolvePath() unless the plan asks for them', () =>
    withDirectory(async (top) => {
      const probe = await watch(
        top,
        () => {
          fs.mkdirSync(join(top, 'd'))
          fs.writeFileSync(join(top, 'f'), '')
        },
        { request: { resolvePaths: false } },
      )
      const [, directory, file] = probe.events
      for (const [event, name] of [
        [directory!, 'd'],
        [file!, 'f'],
      ] as const) {
        expect(event).toMatchObject({ eventType: 'CREATE', filePath: '', root: '' })
        expect(event.origin!.resolve(event)).toMatchObject({
          eventType: 'CREATE',
          filePath: join(top, name),
          root: top,
          seq: event.seq,
        })
      }
    }))

  if (binding === 'koffi') {
    test('keeps the bytes of a path that is not UTF-8', () =>
      withDirectory(async (top) => {
        const bytes = Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0x61, 0xff])])
        const below = Buffer.concat([bytes, Buffer.from('/é')])
        const probe = await watch(top, () => {
          fs.mkdirSync(bytes)
          fs.writeFileSync(below, '')
        })
        expect(
          probe.events.slice(1).map((event) => [event.filePath, Buffer.from(event.filePathBytes!)]),
        ).toEqual([
          [`${top}/a\ufffd`, bytes],
          [`${top}/a\ufffd/é`, below],
        ])
      }))
  }

  test('reaches directories whose path is longer than the kernel takes, or warns that it cannot', () =>
    withDirectory(async (top) => {
      const name = 'twenty-bytes-of-name'
      const deep = makeDeepTree(top, name, 300, 'f')
      try {
        const probe = await watch(top, async (running) => {
          makeDeepTree(top, name, 300, 'g')
          if (binding === 'koffi') await running.sees('CREATE', `${deep}/g`)
        })
        if (binding === 'koffi') {
          expect(probe.told(deep)).toEqual(['CREATE g'])
          expect(probe.controls).toEqual(['MONITOR_START'])
        } else {
          expect(probe.controls).toEqual(['WARNING', 'MONITOR_START'])
          expect(probe.issues).toMatchObject([{ code: 'FSFLOW_KERNEL', path: probe.events[0]!.filePath }])
          expect(deep.startsWith(probe.events[0]!.filePath)).toBe(true)
        }
      } finally {
        removeDeepTree(join(top, name))
      }
    }))

  test('neither watches nor lists a directory that is pruned', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      for (const path of ['skip', 'sub/skip', 'keep']) fs.mkdirSync(at(path), { recursive: true })
      fs.mkdirSync(at('skip/below'))
      const kernel = new RealInotify()
      try {
        for (const path of ['skip', 'sub/skip', 'keep']) kernel.addWatch(at(path), IN.OPEN | IN.ACCESS)
        const seen: [string, string][] = []
        const before = kernelWatches().length
        const prune = (path: string, name: string) => {
          seen.push([path, name])
          return name === 'skip'
        }
        const probe = await watch(
          top,
          async (running) => {
            const watched = () =>
              kernelWatches()
                .slice(before)
                .map(({ ino }) => ino)
            fs.mkdirSync(at('new'))
            fs.mkdirSync(at('new/skip'))
            fs.writeFileSync(at('new/skip/f'), '')
            fs.writeFileSync(at('skip/f'), '')
            fs.mkdirSync(at('keep/d'))
            fs.renameSync(at('keep/d'), at('keep/skip'))
            fs.writeFileSync(at('keep/skip/f'), '')
            fs.writeFileSync(at('keep/f'), '')
            await running.sees('CREATE', at('keep/f'))
            fs.writeFileSync(at('new/f'), '')
            await running.sees('CREATE', at('new/f'))
            for (const path of ['skip', 'skip/below', 'sub/skip', 'new/skip', 'keep/skip']) {
              expect(watched()).not.toContain(inoOf(at(path)))
            }
            for (const path of ['.', 'sub', 'keep', 'new']) expect(watched()).toContain(inoOf(at(path)))
          },
          { request: { prune: [() => false, prune] } },
        )
        const opened = new Set(kernel.read().map(({ wd, name }) => `${wd} ${name}`))
        // The third of the raw watches is `keep`, which was listed.
        expect([...opened].filter((line) => !line.startsWith('3'))).toEqual(['1 f'])
        expect(opened).toContain('3 ')
        expect(probe.told(top).map((line) => line.replace('~', ''))).toEqual(
          expect.arrayContaining(['CREATE new', 'CREATE new/skip', 'MOVED_TO keep/skip', 'CREATE new/f']),
        )
        expect(probe.told(top).filter((line) => /skip\//.test(line))).toEqual([])
        expect(seen).toEqual(
          expect.arrayContaining([
            ['skip', 'skip'],
            ['sub/skip', 'skip'],
            ['new/skip', 'skip'],
            ['keep', 'keep'],
          ]),
        )
        expect(seen.map(([path]) => path)).not.toContain('skip/below')
      } finally {
        kernel.close()
      }
    }))

  test('stays in the directory itself when it is not recursive', () =>
    withDirectory(async (top) => {
      fs.mkdirSync(join(top, 'old'))
      const probe = await watch(
        top,
        async (running) => {
          fs.writeFileSync(join(top, 'old', 'f'), '')
          fs.mkdirSync(join(top, 'new'))
          await running.sees('CREATE', join(top, 'new'))
          fs.writeFileSync(join(top, 'new', 'f'), '')
          fs.writeFileSync(join(top, 'g'), '')
        },
        { recursive: false },
      )
      expect(probe.told(top)).toEqual(['CREATE new', 'CREATE g'])
    }))

  test('does not follow a new directory until it is told to', () =>
    withDirectory(async (top) => {
      const probe = await watch(
        top,
        async (running) => {
          fs.mkdirSync(join(top, 'new', 'sub'), { recursive: true })
          await running.sees('CREATE', join(top, 'new'))
          fs.writeFileSync(join(top, 'new', 'f'), '')
          fs.writeFileSync(join(top, 'g'), '')
        },
        { follow: false },
      )
      expect(probe.told(top)).toEqual(['CREATE new', 'CREATE g'])
    }))

  test('asks the kernel for the types that are wanted, and for what it needs itself', () =>
    withDirectory(async (top) => {
      const table =
        IN.CREATE | IN.DELETE | IN.MOVED_FROM | IN.MOVED_TO | IN.DELETE_SELF | IN.MOVE_SELF | IN.ATTRIB
      const kernelBits = 0xfff
      for (const [types, bits] of [
        [['CREATE'], 0],
        [['MODIFY', 'CLOSE_WRITE', 'RENAME', 'OVERFLOW'], IN.MODIFY | IN.CLOSE_WRITE],
        [['OPEN', 'ACCESS', 'CLOSE_NOWRITE'], IN.OPEN | IN.ACCESS | IN.CLOSE_NOWRITE],
      ] as [EventType[], number][]) {
        const before = kernelWatches().length
        await watch(
          top,
          () => {
            const { mask } = kernelWatches()
              .slice(before)
              .find(({ ino }) => ino === inoOf(top))!
            expect(mask & kernelBits).toBe(table | bits)
          },
          { request: { eventTypes: new Set(types) } },
        )
      }
    }))

  test('emits no type that nobody wants', () =>
    withDirectory(async (top) => {
      const probe = await watch(
        top,
        () => {
          fs.writeFileSync(join(top, 'f'), 'x')
          fs.chmodSync(join(top, 'f'), 0o600)
          fs.unlinkSync(join(top, 'f'))
        },
        { request: { eventTypes: new Set<EventType>(['DELETE', 'MODIFY']) } },
      )
      expect(probe.told(top)).toEqual(['MODIFY f', 'DELETE f'])
      expect(probe.events.map(({ seq }) => seq)).toEqual([1, 2, 3])
    }))

  test('does not report the files that fsflow writes, wherever they are renamed to', () =>
    withDirectory(async (top) => {
      fs.mkdirSync(join(top, 'logs'))
      const own = join(top, 'logs', 'out.ndjson')
      fs.writeFileSync(own, '')
      const sink = fs.openSync(own, 'a')
      const at = (path: string) => join(top, path)
      let writes = 0
      // Which file it is can only be seen while it is there: the record of the write is read before the rename.
      const write = async (running: SourceProbe) => {
        fs.writeSync(sink, 'line\n')
        const after = at(`after-${++writes}`)
        fs.mkdirSync(after)
        await running.sees('CREATE', after)
      }
      try {
        const probe = await watch(
          top,
          async (running) => {
            await write(running)
            fs.renameSync(own, at('logs/out.1'))
            await running.sees('MOVED_TO', at('logs/out.1'))
            await write(running)
            fs.renameSync(at('logs'), at('old'))
            await running.sees('MOVED_TO', at('old'))
            await write(running)
            fs.renameSync(at('old/out.1'), at('out.2'))
            await running.sees('MOVED_TO', at('out.2'))
            await write(running)
            // The place is free for others now.
            fs.mkdirSync(at('logs'))
            fs.writeFileSync(own, 'not ours')
            await running.sees('CREATE', own)
            fs.writeFileSync(own, 'not ours')
            await running.sees('MODIFY', own)
            await write(running)
            fs.renameSync(at('out.2'), own)
            await running.sees('MOVED_TO', own)
            await write(running)
          },
          { request: { eventTypes: contents, ownFiles: [ownFile(own)] } },
        )
        // The place was another's for a while; and names are told, whoever has them.
        expect(new Set(probe.told(top).filter((line) => line.includes('MODIFY')))).toEqual(
          new Set(['MODIFY logs/out.ndjson']),
        )
        const halves = probe.told(top).filter((line) => line.includes('MOVED'))
        expect(halves).toHaveLength(8)
        expect(halves.at(-1)).toBe('MOVED_TO logs/out.ndjson')
      } finally {
        fs.closeSync(sink)
      }
    }))

  test('does not report its own reading of directories, but that of others', () =>
    withDirectory(async (top) => {
      for (let i = 0; i < 10; i++) fs.mkdirSync(join(top, 'old', `${i}`), { recursive: true })
      const at = (path: string) => join(top, path)
      const probe = await watch(
        top,
        async (running) => {
          for (let i = 0; i < 10; i++) {
            fs.mkdirSync(at(`new-${i}/a/b`), { recursive: true })
            fs.writeFileSync(at(`new-${i}/a/b/f`), '')
            await running.sees('CREATE', at(`new-${i}/a/b/f`))
          }
        },
        { request: sourceRequest() },
      )
      const readings = probe.events.filter(
        ({ eventType, isDirectory }) =>
          isDirectory && ['OPEN', 'ACCESS', 'CLOSE_NOWRITE'].includes(eventType),
      )
      expect(readings.map(({ eventType, filePath }) => `${eventType} ${relative(top, filePath)}`)).toEqual([])

      const others = await watch(
        top,
        async (running) => {
          fs.mkdirSync(at('late'))
          await running.sees('CREATE', at('late'))
          fs.writeFileSync(at('late/f'), '')
          await running.sees('CREATE', at('late/f'))
          fs.readdirSync(at('old/3'))
          fs.readdirSync(at('late'))
        },
        { request: sourceRequest() },
      )
      const told = others.told(top)
      for (const path of ['old/3', 'late']) {
        for (const type of ['OPEN', 'ACCESS', 'CLOSE_NOWRITE']) expect(told).toContain(`${type} ${path}`)
      }
    }))

  test('opens anew for each subscription', () =>
    withDirectory(async (top) => {
      const source = inotify({ paths: top, binding })
      expect(source.stats!()).toEqual({ watches: 0, ready: false })
      const abort = new AbortController()
      const stream = source.open({ signal: abort.signal, report: () => undefined }, sourceRequest())
      const before = kernelWatches().length
      const told: FileEvent[][] = [[], []]
      const ends = told.map((events) => lastValueFrom(stream.pipe(tap((event) => void events.push(event)))))
      expect(kernelWatches().length).toBe(before + 2 * (FENCES + 1))
      await until(
        () => told.every((events) => events.length > 0),
        () => 'two starts',
      )
      expect(source.stats!()).toMatchObject({ watches: 1, ready: true })
      fs.mkdirSync(join(top, 'd'))
      abort.abort()
      await Promise.all(ends)
      for (const events of told) {
        expect(events.map(({ seq, eventType }) => `${seq} ${eventType}`)).toEqual([
          '1 MONITOR_START',
          '2 CREATE',
        ])
      }
    }))

  test('lets an event be followed after the end: nothing happens', () =>
    withDirectory(async (top) => {
      for (const end of ['abort', 'unsubscribe']) {
        const before = bindingDescriptors()
        const probe = await new SourceProbe({ paths: top, binding }, { follow: false }).ready()
        const held = bindingDescriptors().length - before.length
        fs.mkdirSync(join(top, end))
        await probe.sees('CREATE', join(top, end))
        const event = probe.events[1]!
        if (end === 'abort') await probe.stop()
        else probe.unsubscribe()
        await until(
          () => bindingDescriptors().join() === before.join(),
          () => `${bindingDescriptors().join()} becomes ${before.join()}`,
        )
        // Others that take the numbers of the descriptors that were closed.
        const others = Array.from({ length: held + 3 }, () => new RealInotify())
        try {
          event.origin!.follow()
          expect(kernelWatches()).toEqual([])
          expect(event.origin!.resolve(event).filePath).toBe(join(top, end))
        } finally {
          for (const other of others) other.close()
        }
      }
    }))

  test('ends within an event when it is unsubscribed there', () =>
    withDirectory(async (top) => {
      const before = holdings()
      const stream = inotify({ paths: top, binding }).open(
        { signal: new AbortController().signal, report: () => undefined },
        sourceRequest(),
      )
      const told: string[] = []
      const end = lastValueFrom(
        stream.pipe(
          tap(({ eventType }) => {
            told.push(eventType)
            if (eventType === 'MONITOR_START') for (const name of 'abcd') fs.mkdirSync(join(top, name))
          }),
          take(3),
        ),
      )
      await end
      expect(told).toEqual(['MONITOR_START', 'CREATE', 'CREATE'])
      await until(
        () => JSON.stringify(holdings()) === JSON.stringify(before),
        () => `${JSON.stringify(holdings())} becomes ${JSON.stringify(before)}`,
      )
    }))
})

it('inotify() names itself', () => {
  const source = inotify({ paths: '.' })
  expect(source.name).toBe('inotify')
  expect(source.providesPaths).toBe(false)
})
