import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import {
  FENCE_WD,
  type DirectoryListing,
  type FileIdentity,
  type InotifyBinding,
} from '../../src/linux/InotifyBinding.js'
import { FENCES } from '../../src/linux/Fences.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { textFromRaw } from '../../src/linux/rawPath.js'
import { describeBindings, userNamespace } from '../helpers/bindings.js'
import { makeDeepTree, removeDeepTree } from '../helpers/deepTree.js'
import { InotifyProbe, withProbe } from '../helpers/InotifyProbe.js'
import { holdings } from '../helpers/procSelf.js'
import { root } from '../helpers/requires.js'
import { runForJson } from '../helpers/runChild.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOSPC, ENOTDIR } = constants.errno
const ALL = 0xfff
const NOBODY = '65534'

/** More records than the kernel queues, and no two the same in a row; nothing is read meanwhile. */
function overflow(directory: string, swallowed?: () => void): void {
  const [a, b] = [join(directory, 'a'), join(directory, 'b')]
  fs.writeFileSync(a, '')
  const length = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
  // Each round is four records.
  for (let i = 0; i < length / 4 + 1000; i++) {
    fs.renameSync(a, b)
    fs.renameSync(b, a)
  }
  swallowed?.()
  fs.unlinkSync(a)
}

describeBindings('inotify binding', ({ binding: name, test, testWith }) => {
  const inDirectory = (
    use: (directory: string, probe: InotifyProbe) => Promise<void>,
    backlogBytes?: number,
  ) => withDirectory((directory) => withProbe(name, (probe) => use(directory, probe), backlogBytes))

  test('says which one it is', () =>
    withProbe(name, (probe) => {
      expect(probe.binding.name).toBe(name)
      return Promise.resolve()
    }))

  test('delivers records in kernel order with their masks and names', () =>
    inDirectory(async (directory, probe) => {
      const watched = join(directory, 'w')
      fs.mkdirSync(watched)
      expect(probe.binding.addWatch(watched, ALL)).toBeGreaterThan(0)
      const file = join(watched, 'f')
      fs.writeFileSync(file, 'x')
      fs.chmodSync(file, 0o600)
      fs.readFileSync(file)
      fs.truncateSync(file)
      fs.mkdirSync(join(watched, 'sub'))
      fs.rmdirSync(join(watched, 'sub'))
      fs.unlinkSync(file)
      fs.renameSync(watched, join(directory, 'v'))
      fs.rmdirSync(join(directory, 'v'))
      await probe.settled()
      expect(probe.told).toEqual([
        'CREATE f',
        'OPEN f',
        'MODIFY f',
        'CLOSE_WRITE f',
        'ATTRIB f',
        'OPEN f',
        'ACCESS f',
        'CLOSE_NOWRITE f',
        'OPEN f',
        'MODIFY f',
        'CLOSE_WRITE f',
        'CREATE ISDIR sub',
        'DELETE ISDIR sub',
        'DELETE f',
        'MOVE_SELF ',
        'DELETE_SELF ',
        'IGNORED ',
      ])
      expect(probe.failures).toEqual([])
    }))

  test('gives both halves of a rename one cookie, and each rename another', () =>
    inDirectory(async (directory, probe) => {
      for (const sub of ['from', 'to']) fs.mkdirSync(join(directory, sub))
      const from = probe.binding.addWatch(join(directory, 'from'), IN.MOVED_FROM | IN.MOVED_TO)
      const to = probe.binding.addWatch(join(directory, 'to'), IN.MOVED_FROM | IN.MOVED_TO)
      fs.writeFileSync(join(directory, 'from', 'a'), '')
      fs.renameSync(join(directory, 'from', 'a'), join(directory, 'to', 'b'))
      fs.renameSync(join(directory, 'to', 'b'), join(directory, 'from', 'c'))
      await probe.settled()
      const records = probe.records.slice(0, 4)
      expect(records.map(({ wd, mask, name: entry }) => [wd, mask, entry])).toEqual([
        [from, IN.MOVED_FROM, 'a'],
        [to, IN.MOVED_TO, 'b'],
        [to, IN.MOVED_FROM, 'b'],
        [from, IN.MOVED_TO, 'c'],
      ])
      const cookies = records.map(({ cookie }) => cookie)
      expect(cookies[0]).toBeGreaterThan(0)
      expect(cookies[1]).toBe(cookies[0])
      expect(cookies[3]).toBe(cookies[2])
      expect(cookies[2]).not.toBe(cookies[0])
    }))

  test('keeps odd names, from one byte to 255', () =>
    inDirectory(async (directory, probe) => {
      probe.binding.addWatch(directory, IN.CREATE)
      const names = [
        'a',
        'n'.repeat(15),
        'n'.repeat(16),
        'n'.repeat(255),
        'é'.repeat(127),
        'new\nline',
        '\u{1F4C4}',
        ' ',
      ]
      for (const entry of names) fs.writeFileSync(join(directory, entry), '')
      await probe.settled()
      expect(probe.records.slice(0, -1).map((record) => textFromRaw(record.name))).toEqual(names)
    }))

  if (name === 'koffi') {
    test('keeps names that are not UTF-8, byte for byte', () =>
      inDirectory(async (directory, probe) => {
        probe.binding.addWatch(directory, IN.CREATE)
        const names = ['\xff\xfe', 'caf\xe9', '\xed\xa0\x80', '\x80'.repeat(255)]
        for (const entry of names) fs.writeFileSync(Buffer.from(`${directory}/${entry}`, 'latin1'), '')
        await probe.settled()
        expect(probe.records.slice(0, -1).map((record) => record.name)).toEqual(names)
        expect(
          (probe.binding.list(directory) as { name: string }[]).map((entry) => entry.name).sort(),
        ).toEqual([...names].sort())
        const below = `${directory}/\xff\xfe-dir`
        fs.mkdirSync(Buffer.from(below, 'latin1'))
        expect(probe.binding.addWatch(below, IN.CREATE)).toBeGreaterThan(0)
        expect(probe.binding.list(below)).toEqual([])
        expect(probe.binding.identify(below)).toMatchObject({ type: 'directory' })
      }))
  }

  test('answers a watch that cannot be had with the negative errno', () =>
    inDirectory((directory, { binding }) => {
      fs.writeFileSync(join(directory, 'file'), '')
      fs.mkdirSync(join(directory, 'dir'))
      fs.symlinkSync('dir', join(directory, 'toDir'))
      fs.symlinkSync('nowhere', join(directory, 'dangling'))
      fs.symlinkSync('loop', join(directory, 'loop'))
      const add = (path: string, mask: number) => binding.addWatch(join(directory, path), mask)
      expect(add('missing', IN.CREATE)).toBe(-ENOENT)
      expect(add('file', IN.CREATE | IN.ONLYDIR)).toBe(-ENOTDIR)
      expect(add('file/x', IN.CREATE)).toBe(-ENOTDIR)
      expect(add('dangling', IN.CREATE)).toBe(-ENOENT)
      expect(add('loop', IN.CREATE)).toBe(-ELOOP)
      expect(add('toDir', IN.CREATE | IN.ONLYDIR | IN.DONT_FOLLOW)).toBe(-ENOTDIR)
      expect(add('dangling', IN.CREATE | IN.ONLYDIR | IN.DONT_FOLLOW)).toBe(-ENOTDIR)
      expect(add('n'.repeat(256), IN.CREATE)).toBe(-ENAMETOOLONG)
      expect(add('toDir', IN.CREATE | IN.ONLYDIR)).toBeGreaterThan(0)
      return Promise.resolve()
    }))

  testWith([root], 'answers EACCES for what the user may not read', () =>
    withDirectory(async (directory) => {
      fs.chmodSync(directory, 0o755)
      for (const [path, mode] of [
        ['secret', 0o700],
        ['passable', 0o711],
        ['open', 0o755],
      ] as const) {
        fs.mkdirSync(join(directory, path, 'below'), { recursive: true })
        fs.chmodSync(join(directory, path), mode)
      }
      const paths = ['secret', 'secret/below', 'passable', 'passable/below', 'open'].map((path) =>
        join(directory, path),
      )
      const results = await runForJson<[number, number][]>('watchAs', [name, NOBODY, ...paths])
      expect(results.slice(0, 3)).toEqual([
        [-EACCES, -EACCES],
        [-EACCES, -EACCES],
        [-EACCES, -EACCES],
      ])
      for (const [wd, listed] of results.slice(3)) {
        expect(wd).toBeGreaterThan(0)
        expect(listed).toBe(0)
      }
    }),
  )

  testWith(
    [userNamespace],
    'answers ENOSPC when the watches are used up, and goes on with those it has',
    () =>
      withDirectory(async (directory) => {
        const paths = ['a', 'b', 'c'].map((entry) => join(directory, entry))
        for (const path of paths) fs.mkdirSync(path)
        // Some watches are those of the fences.
        const { results } = await runForJson<{ results: number[] }>(
          'watchLimited',
          [name, String(FENCES + 2), '9', ...paths],
          {
            prefix: ['unshare', '-Ur'],
          },
        )
        expect(results.slice(0, 2).every((wd) => wd > 0)).toBe(true)
        expect(results[2]).toBe(-ENOSPC)
      }),
  )

  testWith([userNamespace], 'says which limit keeps it from opening', async () => {
    const prefix = ['unshare', '-Ur']
    type Failure = { error: { code: string; path: string; message: string; hint: string } }
    const noInstance = await runForJson<Failure>('watchLimited', [name, '9', '0'], { prefix })
    expect(noInstance.error.code).toBe('FSFLOW_WATCH_LIMIT')
    expect(noInstance.error.path).toMatch(/user\/max_inotify_instances$/)
    expect(noInstance.error.message).toMatch(/limit for a user is 0$/)
    expect(noInstance.error.hint).toMatch(/sysctl user\.max_inotify_instances=256/)
    const noWatch = await runForJson<Failure>('watchLimited', [name, String(FENCES - 1), '9'], { prefix })
    expect(noWatch.error.code).toBe('FSFLOW_WATCH_LIMIT')
    expect(noWatch.error.path).toMatch(/user\/max_inotify_watches$/)
    expect(noWatch.error.message).toMatch(new RegExp(`limit for a user is ${FENCES - 1}$`))
    expect(noWatch.error.hint).toMatch(/sysctl user\.max_inotify_watches=524288/)
  })

  test('gives one inode one watch, and the mask of the last call', () =>
    inDirectory(async (directory, probe) => {
      const wd = probe.binding.addWatch(directory, IN.CREATE)
      expect(probe.binding.addWatch(`${directory}/.`, IN.DELETE)).toBe(wd)
      fs.writeFileSync(join(directory, 'f'), '')
      fs.unlinkSync(join(directory, 'f'))
      await probe.settled()
      expect(probe.told).toEqual(['DELETE f'])
    }))

  test('removes a watch: IGNORED is its last record', () =>
    inDirectory(async (directory, probe) => {
      const wd = probe.binding.addWatch(directory, ALL)
      fs.writeFileSync(join(directory, 'before'), '')
      probe.binding.removeWatch(wd)
      fs.writeFileSync(join(directory, 'after'), '')
      await probe.settled()
      expect(probe.told).toEqual(['CREATE before', 'OPEN before', 'CLOSE_WRITE before', 'IGNORED '])
      expect(probe.records.find(({ mask }) => mask === IN.IGNORED)!.wd).toBe(wd)
      probe.binding.removeWatch(wd)
      probe.binding.removeWatch(9_999)
      const again = probe.binding.addWatch(directory, IN.DELETE)
      fs.unlinkSync(join(directory, 'after'))
      await probe.settled()
      expect(probe.told.at(-1)).toBe('DELETE after')
      expect(again).not.toBe(wd)
    }))

  test('lists a directory: every entry once, with its type', () =>
    inDirectory((directory, { binding }) => {
      fs.writeFileSync(join(directory, 'file'), '')
      fs.mkdirSync(join(directory, 'dir'))
      fs.symlinkSync('dir', join(directory, 'link'))
      execFileSync('mkfifo', [join(directory, 'fifo')])
      for (const odd of ['.hidden', '..two', 'new\nline', ' ', 'é', 'n'.repeat(255)]) {
        fs.writeFileSync(join(directory, odd), '')
      }
      const entries = binding.list(directory) as { name: string; type: string }[]
      const found = Object.fromEntries(entries.map((entry) => [textFromRaw(entry.name), entry.type]))
      expect(found).toEqual({
        file: 'file',
        dir: 'directory',
        link: 'symlink',
        fifo: 'other',
        '.hidden': 'file',
        '..two': 'file',
        'new\nline': 'file',
        ' ': 'file',
        é: 'file',
        ['n'.repeat(255)]: 'file',
      })
      expect(entries).toHaveLength(10)
      return Promise.resolve()
    }))

  test('lists a directory that needs many reads', () =>
    inDirectory((directory, { binding }) => {
      const names = Array.from({ length: 1200 }, (_, i) => `${i}-${'n'.repeat(60 + (i % 90))}`)
      for (const entry of names) fs.writeFileSync(join(directory, entry), '')
      const entries = binding.list(directory) as { name: string }[]
      expect(entries.map((entry) => entry.name).sort()).toEqual(names.sort())
      return Promise.resolve()
    }))

  test('answers a listing that cannot be had with the negative errno, and follows no link', () =>
    inDirectory((directory, { binding }) => {
      fs.writeFileSync(join(directory, 'file'), '')
      fs.mkdirSync(join(directory, 'dir', 'below'), { recursive: true })
      fs.symlinkSync('dir', join(directory, 'link'))
      expect(binding.list(join(directory, 'missing'))).toBe(-ENOENT)
      expect(binding.list(join(directory, 'file'))).toBe(-ENOTDIR)
      expect([-ENOTDIR, -ELOOP]).toContain(binding.list(join(directory, 'link')))
      expect(binding.list(`${join(directory, 'link')}/.`)).toMatchObject([
        { name: 'below', type: 'directory' },
      ])
      expect(binding.list(join(directory, 'dir', 'below'))).toEqual([])
      return Promise.resolve()
    }))

  test('identifies what a path leads to, itself when it is a link', () =>
    inDirectory((directory, { binding }) => {
      fs.writeFileSync(join(directory, 'file'), '')
      fs.symlinkSync('file', join(directory, 'link'))
      for (const [path, type] of [
        ['', 'directory'],
        ['file', 'file'],
        ['link', 'symlink'],
      ] as const) {
        const { dev, ino, birthtimeNs } = fs.lstatSync(join(directory, path), { bigint: true })
        expect(binding.identify(join(directory, path))).toEqual({
          dev: Number(dev),
          ino: Number(ino),
          bornAt: Number(birthtimeNs / 1000n),
          type,
        })
      }
      expect(binding.identify('/dev/null')).toMatchObject({ type: 'other' })
      expect(binding.identify(join(directory, 'missing'))).toBe(-ENOENT)
      return Promise.resolve()
    }))

  test('lists a directory together with which one it is', () =>
    inDirectory((directory, { binding }) => {
      fs.mkdirSync(join(directory, 'd'))
      fs.writeFileSync(join(directory, 'd', 'f'), '')
      const path = join(directory, 'd')
      const listing = binding.listing(path) as DirectoryListing
      const { dev, ino, bornAt } = binding.identify(path) as FileIdentity
      expect(listing.self).toEqual({ dev, ino, bornAt })
      const file = fs.statSync(join(path, 'f')).ino
      // Node does not tell the number.
      expect(listing.entries).toEqual([{ name: 'f', type: 'file', ino: binding.name === 'koffi' ? file : 0 }])
      expect(binding.listing(join(directory, 'missing'))).toBe(-ENOENT)
      expect(binding.listing(join(path, 'f'))).toBe(-ENOTDIR)
      return Promise.resolve()
    }))

  test('tells when an inode last changed, in microseconds', () =>
    inDirectory((directory, { binding }) => {
      const file = join(directory, 'file')
      fs.writeFileSync(file, '')
      fs.utimesSync(file, 1, 1)
      const exact = Number(fs.lstatSync(file, { bigint: true }).ctimeNs / 1000n)
      expect(Math.abs(binding.changedAt(file) - exact)).toBeLessThanOrEqual(1)
      expect(binding.changedAt(join(directory, 'missing'))).toBe(-ENOENT)
      return Promise.resolve()
    }))

  test('puts a fence between what happened before it and what happens after it', () =>
    inDirectory(async (directory, probe) => {
      probe.binding.addWatch(directory, IN.CREATE)
      const tokens: number[] = []
      for (const entry of ['a', 'b', 'c']) {
        fs.writeFileSync(join(directory, entry), '')
        tokens.push(probe.binding.fence())
      }
      fs.writeFileSync(join(directory, 'd'), '')
      await probe.settled()
      expect(
        probe.records
          .slice(0, 7)
          .map(({ wd, mask, cookie, name: entry }) => (wd === FENCE_WD ? [mask, cookie] : entry)),
      ).toEqual(['a', [0, tokens[0]], 'b', [0, tokens[1]], 'c', [0, tokens[2]], 'd'])
      expect(tokens[1]).toBeGreaterThan(tokens[0]!)
      expect(tokens[2]).toBeGreaterThan(tokens[1]!)
    }))

  test('tells the time at which it read: never backwards', () =>
    inDirectory(async (directory, probe) => {
      const before = Date.now() * 1000
      probe.binding.addWatch(directory, IN.CREATE)
      for (let i = 0; i < 20; i++) {
        fs.writeFileSync(join(directory, String(i)), '')
        await probe.settled()
      }
      expect(probe.times).toEqual([...probe.times].sort((a, b) => a - b))
      // The clock that node reads has milliseconds.
      expect(probe.times[0]).toBeGreaterThanOrEqual(before - 5_000)
      expect(probe.times.at(-1)).toBeLessThanOrEqual((Date.now() + 5) * 1000)
    }))

  test('reports an overflow as a record, lives on, and its fences with it', () =>
    inDirectory(async (directory, probe) => {
      const wd = probe.binding.addWatch(directory, IN.MOVED_FROM | IN.MOVED_TO | IN.CREATE)
      for (let round = 1; round <= 3; round++) {
        // The fence finds the queue full and is lost.
        overflow(directory, () => probe.binding.fence())
        await until(
          () => probe.count(IN.Q_OVERFLOW) >= round,
          () => `overflow ${round}`,
        )
        await probe.settled()
        fs.writeFileSync(join(directory, `after-${round}`), '')
        await probe.settled()
        expect(probe.told.at(-1)).toBe(`CREATE after-${round}`)
        expect(probe.records.findLast((record) => record.wd > FENCE_WD)!.wd).toBe(wd)
      }
      const overflows = probe.records.filter(({ mask }) => mask === IN.Q_OVERFLOW)
      expect(overflows.length).toBe(probe.count(IN.Q_OVERFLOW))
      for (const record of overflows) expect(record).toMatchObject({ wd: -1, cookie: 0, name: '' })
      expect(probe.failures).toEqual([])
    }, 64))

  if (name === 'node-inotify') {
    // Another processor can queue a record behind IN_IGNORED, at which the addon forgets the callback.
    test('lives through a record for which the addon has no callback', () =>
      withDirectory(async (directory) => {
        expect(await runForJson('withoutCallback', [directory])).toEqual(['CREATE f', 'CREATE g'])
      }))
  }

  test('reaches directories whose path is longer than the kernel takes, or says that it cannot', () =>
    inDirectory(async (directory, probe) => {
      const last = makeDeepTree(directory, 'twenty-bytes-of-name', 300, 'f')
      try {
        expect(last.length).toBeGreaterThan(6000)
        const parent = last.slice(0, last.lastIndexOf('/'))
        if (name === 'node-inotify') {
          expect(probe.binding.addWatch(last, IN.CREATE)).toBe(-ENAMETOOLONG)
          expect(probe.binding.list(last)).toBe(-ENAMETOOLONG)
          expect(probe.binding.identify(last)).toBe(-ENAMETOOLONG)
          return
        }
        const mask = IN.CREATE | IN.ONLYDIR | IN.DONT_FOLLOW
        const wd = probe.binding.addWatch(last, mask)
        expect(wd).toBeGreaterThan(0)
        expect(probe.binding.list(last)).toMatchObject([{ name: 'f', type: 'file' }])
        expect(probe.binding.list(parent)).toMatchObject([
          { name: 'twenty-bytes-of-name', type: 'directory' },
        ])
        expect(probe.binding.list(`${last}/missing`)).toBe(-ENOENT)
        expect(probe.binding.list(`${last}/f`)).toBe(-ENOTDIR)
        expect(probe.binding.identify(`${last}/f`)).toMatchObject({ type: 'file' })
        expect(probe.binding.identify(last)).toMatchObject({ type: 'directory' })
        expect(probe.binding.changedAt(`${last}/f`)).toBeGreaterThan(0)
        expect(probe.binding.identify(`${last}/missing`)).toBe(-ENOENT)
        expect(probe.binding.addWatch(`${last}/f`, mask)).toBe(-ENOTDIR)
        expect(probe.binding.addWatch(`${last}/missing`, mask)).toBe(-ENOENT)
        makeDeepTree(directory, 'twenty-bytes-of-name', 300, 'g')
        await probe.settled()
        expect(probe.records.slice(0, -1)).toEqual([{ wd, mask: IN.CREATE, cookie: 0, name: 'g' }])
      } finally {
        removeDeepTree(join(directory, 'twenty-bytes-of-name'))
      }
    }))

  test('close leaves no thread, no descriptor, no watch, and delivers nothing any more', async () => {
    // The pool of node's own threads and the first listener make theirs once.
    await withDirectory(async (directory) => {
      await withProbe(name, (probe) => probe.settled())
      const before = holdings()
      const probe = new InotifyProbe(name)
      probe.binding.addWatch(directory, IN.CREATE)
      expect(holdings().watches).toBe(before.watches + FENCES + 1)
      fs.writeFileSync(join(directory, 'before'), '')
      await probe.settled()
      fs.writeFileSync(join(directory, 'unread'), '')
      await probe.binding.close()
      const delivered = probe.records.length
      await until(
        () => JSON.stringify(holdings()) === JSON.stringify(before),
        () => `${JSON.stringify(holdings())} becomes ${JSON.stringify(before)}`,
      )
      await withProbe(name, async (next) => {
        next.binding.addWatch(directory, IN.CREATE)
        fs.writeFileSync(join(directory, 'after'), '')
        await next.settled()
        expect(next.told).toEqual(['CREATE after'])
      })
      expect(probe.records.length).toBe(delivered)
      expect(probe.failures).toEqual([])
    })
  })

  test('two instances at once do not hear each other', () =>
    inDirectory((directory, first) =>
      withProbe(name, async (second) => {
        fs.mkdirSync(join(directory, '1'))
        fs.mkdirSync(join(directory, '2'))
        const watch = (binding: InotifyBinding, sub: string) =>
          binding.addWatch(join(directory, sub), IN.CREATE)
        watch(first.binding, '1')
        watch(second.binding, '2')
        fs.writeFileSync(join(directory, '1', 'a'), '')
        fs.writeFileSync(join(directory, '2', 'b'), '')
        await Promise.all([first.settled(), second.settled()])
        expect(first.told).toEqual(['CREATE a'])
        expect(second.told).toEqual(['CREATE b'])
      }),
    ))
})
