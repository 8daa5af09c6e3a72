import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { eventGroups, type EventType } from '../../src/events/index.js'
import { fanotify, type FanotifySourceOptions } from '../../src/sources/fanotify.js'
import { itAsRoot, itWith, root } from '../helpers/requires.js'
import { runForJson } from '../helpers/runChild.js'
import { SourceProbe, sourceRequest, watching } from '../helpers/SourceProbe.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { ignoredInodes } from '../helpers/procSelf.js'
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
const NOBODY = 65_534

// While the main thread is blocked, the worker stops reading after so many bytes: what comes then is merged.
const SMALL = 65_536

const watch = (
  options: FanotifySourceOptions,
  use: (probe: SourceProbe) => Promise<void> | void,
  eventTypes: ReadonlySet<EventType> = namesOnly,
) => watching(fanotify(options), use, { request: { eventTypes } })

describe('fanotify()', () => {
  const refusal = (options: unknown): unknown => {
    try {
      fanotify(options as FanotifySourceOptions)
    } catch (error) {
      return error
    }
    return undefined
  }

  it.each([
    [undefined, 'options must be an object'],
    [{ paths: [] }, 'paths is empty'],
    [{ paths: ['a', ''] }, 'paths[1] must be a path'],
    [{ paths: 'a\0b' }, 'paths[0] must be a path'],
    [{ paths: 'a', recursive: 1 }, 'recursive must be true or false'],
    [{ paths: 'a', waitForPath: 'yes' }, 'waitForPath must be true or false'],
    [{ paths: 'a', backlog: 1 }, 'backlog must be a number of bytes from 65536 to 2147418112'],
    [{ paths: 'a', scope: 'all' }, 'scope is not known'],
    [{ paths: 'a', depth: 3 }, 'depth is not an option'],
  ])('refuses %j', (options, problem) => {
    expect(refusal(options)).toMatchObject({
      code: 'FSFLOW_INVALID_OPTION',
      message: `fanotify: ${problem}`,
    })
  })

  itAsRoot('says in a check what each mount gets, and leaves nothing open', () =>
    withDirectory(async (top) => {
      fs.writeFileSync(join(top, 'f'), '')
      const before = fs.readdirSync('/proc/self/fd').length
      const { lines, problems } = await fanotify({
        paths: [join(top, 'f'), '/proc'],
        recursive: false,
      }).check(sourceRequest({ prune: [() => false] }))
      expect(fs.readdirSync('/proc/self/fd').length).toBe(before)
      expect(lines).toContain(`watches ${top} (only f)`)
      expect(lines).toContainEqual(expect.stringMatching(/: a mark on the whole filesystem$/))
      expect(lines).toContain('what happens in excluded directories is read and left out')
      expect(problems).toMatchObject([
        { code: 'FSFLOW_UNSUPPORTED', path: '/proc', hint: 'The inotify source watches it.' },
      ])
    }),
  )

  itWith([root], 'names the missing capability, and how to grant it', () =>
    withDirectory(async (top) => {
      fs.chmodSync(top, 0o755)
      interface Refused {
        error: { code: string; message: string; hint: string }
        problems: string[]
      }
      const { error, problems } = await runForJson<Refused>('fanotifyAs', [String(NOBODY), top])
      expect(error.code).toBe('FSFLOW_PERMISSION')
      expect(error.message).toBe('fanotify needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH')
      expect(error.hint).toContain('setcap cap_sys_admin,cap_dac_read_search+ep')
      expect(problems).toEqual([error.message])
    }),
  )
})

describe('the fanotify source', () => {
  itAsRoot('tells which process did it, and what it did beside the others', () =>
    withDirectory(async (top) => {
      const pids: number[] = []
      const probe = await watch({ paths: top }, async (running) => {
        for (const name of ['a', 'b']) {
          const made = execFileSync('sh', ['-c', `echo $$; mkdir ${name}; exec mv ${name} ${name}2`], {
            cwd: top,
          })
          pids.push(Number(made.toString()))
        }
        await running.sees('MOVED_TO', join(top, 'b2'))
      })
      const moves = probe.events.filter(({ eventType }) => eventType === 'MOVED_TO')
      expect(moves.map(({ pid }) => pid)).toEqual(pids)
      const created = probe.events.filter(({ eventType }) => eventType === 'CREATE')
      expect(created.map(({ pid }) => pid !== undefined && !pids.includes(pid))).toEqual([true, true])
    }),
  )

  itAsRoot('does not tell what fsflow reads, nor what it writes to its own files', () =>
    withDirectory(async (top) => {
      const own = join(top, 'own')
      fs.writeFileSync(own, '')
      fs.mkdirSync(join(top, 'd'))
      const { dev, ino } = fs.statSync(own, { bigint: true })
      const source = fanotify({ paths: top })
      const types = new Set<EventType>([...eventGroups.changes, ...eventGroups.access])
      const ownFiles = [{ path: own, dev, ino }]
      const probe = await watching(
        source,
        async (running) => {
          fs.readdirSync(join(top, 'd'))
          fs.readFileSync(own)
          fs.appendFileSync(own, 'x')
          fs.renameSync(own, join(top, 'own2'))
          fs.appendFileSync(join(top, 'own2'), 'y')
          fs.writeFileSync(join(top, 'other'), '')
          await running.sees('CLOSE_WRITE', join(top, 'other'))
        },
        { request: { eventTypes: types, ownFiles } },
      )
      expect(probe.told(top)).toEqual([
        'MOVED_FROM own',
        'MOVED_TO own2',
        'CREATE other',
        'CLOSE_WRITE other',
      ])
    }),
  )

  itAsRoot('tells nothing of a deleted file that is still written to', () =>
    withDirectory(async (top) => {
      const probe = await watch(
        { paths: top },
        async (running) => {
          const fd = fs.openSync(join(top, 'f'), 'w')
          fs.writeSync(fd, 'a')
          await running.sees('MODIFY', join(top, 'f'))
          fs.unlinkSync(join(top, 'f'))
          await running.sees('DELETE', join(top, 'f'))
          fs.writeSync(fd, 'b')
          fs.closeSync(fd)
          fs.writeFileSync(join(top, 'g'), '')
          await running.sees('CREATE', join(top, 'g'))
        },
        new Set<EventType>([...namesOnly, 'MODIFY', 'CLOSE_WRITE']),
      )
      expect(probe.told(top)).toEqual(['CREATE f', 'MODIFY f', 'DELETE f', 'CREATE g', 'CLOSE_WRITE g'])
    }),
  )

  itAsRoot('goes on seeing a file that editors replace at each save, and tells of no other', () =>
    withDirectory(async (top) => {
      const file = join(top, 'notes.txt')
      fs.writeFileSync(file, '0')
      fs.mkdirSync(join(top, 'sub'))
      const probe = await watch({ paths: file }, async (running) => {
        for (let save = 1; save <= 2; save++) {
          fs.writeFileSync(join(top, '.swp'), String(save))
          fs.renameSync(join(top, '.swp'), file)
          fs.mkdirSync(join(top, 'sub', String(save)))
        }
        fs.unlinkSync(file)
        fs.writeFileSync(file, 'again')
        await running.sees('CREATE', file)
      })
      expect(probe.told(top)).toEqual([
        'MOVED_TO notes.txt',
        'MOVED_TO notes.txt',
        'DELETE notes.txt',
        'CREATE notes.txt',
      ])
    }),
  )

  itAsRoot('tells each event once when roots overlap, and under which root it lies', () =>
    withDirectory(async (top) => {
      for (const path of ['a/b', 'c']) fs.mkdirSync(join(top, path), { recursive: true })
      fs.symlinkSync('a', join(top, 'link'))
      const paths = ['a/b', 'a', 'link', 'c'].map((path) => join(top, path))
      const probe = await watch({ paths }, () => {
        fs.writeFileSync(join(top, 'a', 'b', 'f'), '')
        fs.writeFileSync(join(top, 'elsewhere'), '')
        fs.renameSync(join(top, 'a', 'b', 'f'), join(top, 'c', 'g'))
      })
      expect(probe.told(top)).toEqual(['CREATE a/b/f', 'MOVED_FROM a/b/f', 'MOVED_TO c/g'])
      expect(probe.events.slice(1).map((event) => event.root)).toEqual(
        ['a', 'a', 'c'].map((path) => join(top, path)),
      )
    }),
  )

  itAsRoot('watches only the directory itself when it is not recursive', () =>
    withDirectory(async (top) => {
      fs.mkdirSync(join(top, 'd'))
      const probe = await watch({ paths: top, recursive: false }, () => {
        fs.writeFileSync(join(top, 'd', 'f'), '')
        fs.writeFileSync(join(top, 'g'), '')
        fs.renameSync(join(top, 'd'), join(top, 'e'))
      })
      expect(probe.told(top)).toEqual(['CREATE g', 'MOVED_FROM d', 'MOVED_TO e'])
    }),
  )

  itAsRoot('tells that a root is gone, and picks it up again with its content', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('up/root/sub'), { recursive: true })
      const probe = await watch({ paths: at('up/root') }, async (running) => {
        fs.rmSync(at('up/root'), { recursive: true })
        await running.sees('DELETE_SELF', at('up/root'))
        fs.mkdirSync(at('up/root/a/b'), { recursive: true })
        await running.sees('CREATE', at('up/root/a/b'))
        // With the directory above it, out and in again.
        fs.renameSync(at('up'), at('away'))
        await running.sees('MOVE_SELF', at('up/root'))
        fs.writeFileSync(at('away/root/late'), '')
        fs.renameSync(at('away'), at('up'))
        await running.sees('CREATE', at('up/root/late'))
        fs.writeFileSync(at('up/root/a/b/f'), '')
        await running.sees('CREATE', at('up/root/a/b/f'))
      })
      const state = new TreeState()
      for (const event of probe.events) state.apply(event)
      expect(state.differences(listTree(at('up')))).toEqual([])
      expect(probe.told(top).slice(0, 5)).toEqual([
        'DELETE up/root/sub',
        'DELETE_SELF up/root',
        '~CREATE up/root',
        'CREATE up/root/a',
        'CREATE up/root/a/b',
      ])
    }),
  )

  itAsRoot('has the kernel leave out a busy directory outside, until that comes inside', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('root'))
      fs.mkdirSync(at('busy'))
      const { ino } = fs.statSync(at('busy'))
      const probe = await watch({ paths: at('root') }, async (running) => {
        for (let i = 0; !ignoredInodes().includes(ino); i++) {
          fs.writeFileSync(at(`busy/${i}`), '')
          fs.unlinkSync(at(`busy/${i}`))
          fs.writeFileSync(at('root/step'), '')
          fs.unlinkSync(at('root/step'))
          const told = () => running.events.filter(({ eventType }) => eventType === 'DELETE').length > i
          await until(told, () => `step ${i}`)
          expect(i).toBeLessThan(200)
        }
        fs.renameSync(at('busy'), at('root/busy'))
        await running.sees('MOVED_TO', at('root/busy'))
        await until(
          () => !ignoredInodes().includes(ino),
          () => 'hearing it again',
        )
        fs.writeFileSync(at('root/busy/new'), '')
        await running.sees('CREATE', at('root/busy/new'))
      })
      expect(probe.told(top).filter((line) => line.includes('busy'))).toEqual([
        'MOVED_TO root/busy',
        'CREATE root/busy/new',
      ])
    }),
  )

  itAsRoot('goes on with a root when another one on its filesystem is gone', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('one'))
      fs.mkdirSync(at('two'))
      fs.mkdirSync(at('new/sub/deep'), { recursive: true })
      await watch({ paths: [at('one'), at('two')] }, async (running) => {
        fs.rmdirSync(at('one'))
        await running.sees('DELETE_SELF', at('one'))
        fs.renameSync(at('new'), at('two/new'))
        await running.sees('CREATE', at('two/new/sub/deep'))
      })
    }),
  )

  itAsRoot('goes on with a root that is replaced by another kind', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      fs.mkdirSync(at('up/root/sub'), { recursive: true })
      const probe = await watch({ paths: at('up/root') }, async (running) => {
        const told = (line: string, times: number) =>
          until(
            () => running.told(top).filter((other) => other === line).length === times,
            () => `${line} after ${running.told(top).join(', ')}`,
          )
        for (const round of [1, 2]) {
          fs.rmSync(at('up/root'), { recursive: true })
          await told('DELETE_SELF up/root', round)
          fs.writeFileSync(at('up/root'), '')
          fs.writeFileSync(at('up/beside'), '')
          await told('CREATE up/root', 2 * round - 1)
          fs.unlinkSync(at('up/root'))
          await told('DELETE up/root', round)
          fs.mkdirSync(at('up/root'))
          fs.writeFileSync(at(`up/root/f${round}`), '')
          await told(`CREATE up/root/f${round}`, 1)
        }
        // With the directory above it.
        fs.rmSync(at('up'), { recursive: true })
        fs.mkdirSync(at('new'))
        fs.writeFileSync(at('new/beside'), '')
        fs.writeFileSync(at('new/root'), '')
        fs.renameSync(at('new'), at('up'))
        await told('~CREATE up/root', 1)
      })
      expect(probe.told(top)).toEqual([
        'DELETE up/root/sub',
        ...['1', '2'].flatMap((round) => [
          'DELETE_SELF up/root',
          'CREATE up/root',
          'DELETE up/root',
          'CREATE up/root',
          `CREATE up/root/f${round}`,
          `DELETE up/root/f${round}`,
        ]),
        'DELETE_SELF up/root',
        '~CREATE up/root',
      ])
    }),
  )

  itAsRoot('fails at once for a root that is not there, or waits for it', () =>
    withDirectory(async (top) => {
      const at = (path: string) => join(top, path)
      await expect(new SourceProbe(fanotify({ paths: at('late/root') })).ready()).rejects.toMatchObject({
        code: 'FSFLOW_PATH_NOT_FOUND',
      })
      const probe = await watch({ paths: at('late/root'), waitForPath: true }, async (running) => {
        fs.mkdirSync(at('late/root/sub'), { recursive: true })
        fs.writeFileSync(at('late/root/sub/f'), '')
        await running.sees('CREATE', at('late/root/sub/f'))
      })
      expect(probe.events[0]!.eventType).toBe('MONITOR_START')
    }),
  )

  itAsRoot('finds the last word where the kernel merges equal renames', () =>
    withDirectory(async (top) => {
      const script = `
import os
for round in range(500):
    for a, b in (('r', 's'), ('d', 'e')):
        os.rename(a, b); os.rename(b, a); os.rename(a, b)
        open('e/%d' % round, 'w').close() if a == 'd' else None
        os.rename(b, a)
os.rename('r', 's'); os.rename('d', 'e')`
      fs.writeFileSync(join(top, 'r'), '')
      fs.mkdirSync(join(top, 'd'))
      const state = new TreeState(listTree(top))
      const probe = await watch({ paths: top, backlog: SMALL }, (running) => {
        execFileSync('python3', ['-c', script], { cwd: top })
        let applied = 0
        return until(
          () => {
            for (; applied < running.events.length; applied++) state.apply(running.events[applied]!)
            return state.differences(listTree(top)).length === 0
          },
          () => state.differences(listTree(top)).join(', '),
        )
      })
      expect(probe.events.some(({ synthetic }) => synthetic)).toBe(true)
    }),
  )

  itAsRoot('marks events that the kernel told in one record', () =>
    withDirectory(async (top) => {
      const probe = await watch(
        { paths: top, backlog: SMALL },
        (running) => {
          execFileSync('python3', ['-c', "[(open('f%d' % i, 'w').write('x')) for i in range(5000)]"], {
            cwd: top,
          })
          return running.sees('CLOSE_WRITE', join(top, 'f4999'))
        },
        new Set(eventGroups.changes),
      )
      const merged = new Map<string, EventType[]>()
      for (const event of probe.events) {
        if (!event.merged) continue
        const types = merged.get(event.filePath) ?? []
        merged.set(event.filePath, types)
        types.push(event.eventType)
      }
      const whole = [...merged.values()].find((types) => types.length === 3)
      expect(whole).toEqual(['CREATE', 'MODIFY', 'CLOSE_WRITE'])
    }),
  )
})
