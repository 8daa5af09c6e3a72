import { describe, expect, it } from '@jest/globals'
import {
  INOTIFY,
  runProgram,
  SimulatedError,
  SimulatedFilesystem,
  type InotifyRecord,
  type SimulatedCall,
} from '../../src/testing/index.js'

const { ALL_EVENTS, CREATE, DELETE, EXCL_UNLINK, ISDIR, ONLYDIR } = INOTIFY

/** `1 CREATE|ISDIR name`, with `#n` for a cookie. */
function text({ wd, mask, cookie, name }: InotifyRecord): string {
  const bits = Object.entries(INOTIFY)
    .filter(([bit, value]) => bit !== 'ALL_EVENTS' && (mask & value) !== 0)
    .map(([bit]) => bit)
  return [wd, bits.join('|'), name, cookie === 0 ? '' : `#${cookie}`].filter((part) => part !== '').join(' ')
}

function watched(...paths: string[]) {
  const fs = new SimulatedFilesystem()
  const inotify = fs.inotify()
  for (const path of paths) {
    fs.mkdirp(path)
    inotify.addWatch(path, ALL_EVENTS)
  }
  inotify.read()
  return { fs, inotify, records: () => inotify.read().map(text) }
}

function codeOf(call: () => unknown): string {
  try {
    call()
    return 'no error'
  } catch (error) {
    if (error instanceof SimulatedError) return error.code
    throw error
  }
}

describe('SimulatedFilesystem', () => {
  it('keeps a tree with contents, links and symlinks', () => {
    const fs = new SimulatedFilesystem()
    fs.mkdirp('/a/b')
    fs.writeFile('/a/b/f', 'one')
    fs.appendFile('/a/b/f', ' two')
    fs.symlink('b/f', '/a/s')
    fs.link('/a/b/f', '/a/hard')
    fs.mknod('/a/socket')
    expect(fs.readFile('/a/s')).toBe('one two')
    expect(fs.lstat('/a/hard')).toMatchObject({ type: 'file', nlink: 2, size: 7, ino: fs.stat('/a/s').ino })
    expect(fs.readlink('/a/s')).toBe('b/f')
    expect(fs.list('/a').sort()).toEqual(['b', 'hard', 's', 'socket'])
    expect([...fs.tree('/a')]).toEqual([
      ['/a/b', 'directory'],
      ['/a/b/f', 'file'],
      ['/a/s', 'symlink'],
      ['/a/hard', 'file'],
      ['/a/socket', 'other'],
    ])
    expect(fs.exists('/a/s')).toBe(true)
    expect(fs.exists('/a/x')).toBe(false)
  })

  it('throws errors with the codes of the kernel', () => {
    const fs = new SimulatedFilesystem()
    fs.mkdirp('/a/b')
    fs.writeFile('/f', 'x')
    expect(codeOf(() => fs.mkdir('/a'))).toBe('EEXIST')
    expect(codeOf(() => fs.mkdir('/x/y'))).toBe('ENOENT')
    expect(codeOf(() => fs.mkdir('/f/y'))).toBe('ENOTDIR')
    expect(codeOf(() => fs.rmdir('/a'))).toBe('ENOTEMPTY')
    expect(codeOf(() => fs.rename('/a', '/a/b/c'))).toBe('EINVAL')
    expect(codeOf(() => fs.rename('/f', '/a'))).toBe('EISDIR')
    expect(codeOf(() => fs.unlink('/a'))).toBe('EISDIR')
    expect(codeOf(() => fs.link('/a', '/c'))).toBe('EPERM')
    expect(codeOf(() => fs.mkdir(`/${'n'.repeat(256)}`))).toBe('ENAMETOOLONG')
    const handle = fs.open('/f', 'r')
    expect(codeOf(() => handle.write('x'))).toBe('EBADF')
    handle.close()
    expect(codeOf(() => handle.read(1))).toBe('EBADF')
    try {
      fs.rmdir('/missing')
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOENT', errno: -2 })
    }
    expect.assertions(12)
  })

  it('gives the inode number of a removed file to the next one, unless told otherwise', () => {
    for (const reuseInodes of [true, false]) {
      const fs = new SimulatedFilesystem({ reuseInodes })
      fs.writeFile('/a')
      const { ino } = fs.lstat('/a')
      const handle = fs.open('/a', 'r')
      fs.unlink('/a')
      fs.writeFile('/b')
      expect(fs.lstat('/b').ino).not.toBe(ino)
      handle.close()
      fs.writeFile('/c')
      expect(fs.lstat('/c').ino === ino).toBe(reuseInodes)
    }
  })

  it('stamps changes with the clock it was given', () => {
    let now = 5
    const fs = new SimulatedFilesystem({ now: () => now })
    const inotify = fs.inotify()
    fs.mkdir('/d')
    fs.writeFile('/d/f', 'x')
    now = 9
    fs.appendFile('/d/f', 'y')
    expect(inotify.changedAt('/d')).toBe(5)
    expect(inotify.changedAt('/d/f')).toBe(9)
    expect(inotify.changedAt('/d/g')).toBe(-2)
  })

  it('rejects wrong options', () => {
    const wrong = { code: 'FSFLOW_INVALID_OPTION' }
    expect(() => new SimulatedFilesystem({ reuse: true } as object)).toThrow(expect.objectContaining(wrong))
    expect(() => new SimulatedFilesystem({ reuseInodes: 1 } as object)).toThrow(
      expect.objectContaining(wrong),
    )
    expect(() => new SimulatedFilesystem({ now: 1 } as object)).toThrow(expect.objectContaining(wrong))
    const fs = new SimulatedFilesystem()
    expect(() => fs.inotify({ maxQueuedEvents: 0 })).toThrow(expect.objectContaining(wrong))
    expect(() => fs.inotify({ maxWatches: 1.5 })).toThrow(expect.objectContaining(wrong))
    expect(() => fs.inotify({ beforeCall: 'x' } as object)).toThrow(expect.objectContaining(wrong))
    expect(() => fs.inotify({ limit: 1 } as object)).toThrow(expect.objectContaining(wrong))
  })
})

describe('programs', () => {
  it('make one system call a step', () => {
    const { fs, records } = watched('/w')
    const steps = fs.steps.writeFile('/w/f', 'x')
    const seen: unknown[] = []
    for (const line of steps) seen.push([line, records()])
    expect(seen).toEqual([
      ['open /w/f w', ['1 CREATE f', '1 OPEN f']],
      ['write /w/f', ['1 MODIFY f']],
      ['close /w/f', ['1 CLOSE_WRITE f']],
    ])
  })

  it('mkdir -p takes what is there, and stops at a file', () => {
    const fs = new SimulatedFilesystem()
    fs.mkdirp('/a/b/c')
    fs.writeFile('/a/f')
    expect([...fs.steps.mkdirp('/a/b/x')]).toEqual(['mkdir /a', 'mkdir /a/b', 'mkdir /a/b/x'])
    expect(codeOf(() => fs.mkdirp('/a/f'))).toBe('EEXIST')
    expect(codeOf(() => fs.mkdirp('/a/f/g'))).toBe('EEXIST')
  })

  it('rm -r makes the calls of GNU rm', () => {
    const fs = new SimulatedFilesystem()
    fs.mkdirp('/z/a')
    fs.writeFile('/z/a/1')
    expect([...fs.steps.removeTree('/z')]).toEqual([
      'lstat /z',
      ...['open /z r', 'getdents /z', 'close /z', 'open /z r', 'getdents /z', 'getdents /z'],
      ...['open /z/a r', 'getdents /z/a', 'close /z/a', 'open /z/a r', 'getdents /z/a', 'getdents /z/a'],
      ...['unlink /z/a/1', 'close /z/a', 'rmdir /z/a', 'close /z', 'rmdir /z'],
    ])
    fs.mkdir('/e')
    expect([...fs.steps.removeTree('/e')].slice(1)).toEqual([
      ...['open /e r', 'getdents /e', 'getdents /e', 'close /e', 'rmdir /e'],
    ])
  })

  it('rm -r goes on in a tree that is renamed, and leaves what came too late', () => {
    const fs = new SimulatedFilesystem()
    fs.mkdirp('/z/a')
    fs.writeFile('/z/a/1')
    const steps = fs.steps.removeTree('/z')
    for (let opened = 0; opened < 2;) if (steps.next().value === 'open /z/a r') opened++
    fs.rename('/z/a', '/b')
    fs.writeFile('/z/new')
    expect(codeOf(() => runProgram(steps))).toBe('ENOTEMPTY')
    expect([...fs.tree().keys()].sort()).toEqual(['/b', '/z', '/z/new'])
  })
})

describe('SimulatedInotify', () => {
  it('tells a removed directory by its own watch first', () => {
    const { fs, records } = watched('/w', '/w/d')
    fs.writeFile('/w/d/f')
    records()
    fs.unlink('/w/d/f')
    fs.rmdir('/w/d')
    expect(records()).toEqual(['2 DELETE f', '2 DELETE_SELF', '2 IGNORED', '1 DELETE|ISDIR d'])
  })

  it('tells a rename by a pair with one cookie, an exchange by two pairs', () => {
    const { fs, records } = watched('/w', '/w/d')
    fs.writeFile('/w/f')
    records()
    fs.rename('/w/d', '/w/e')
    fs.exchange('/w/e', '/w/f')
    expect(records()).toEqual([
      ...['1 MOVED_FROM|ISDIR d #1', '1 MOVED_TO|ISDIR e #1', '2 MOVE_SELF'],
      ...[
        '1 MOVED_FROM|ISDIR e #2',
        '1 MOVED_TO|ISDIR f #2',
        '2 MOVE_SELF',
        '1 MOVED_FROM f #3',
        '1 MOVED_TO e #3',
      ],
    ])
  })

  it('counts a failed watch at the limit as a used number', () => {
    const fs = new SimulatedFilesystem()
    for (const path of ['/a', '/b', '/c']) fs.mkdir(path)
    const inotify = fs.inotify({ maxWatches: 1 })
    expect(inotify.addWatch('/a', CREATE)).toBe(1)
    expect(inotify.addWatch('/b', CREATE)).toBe(-28)
    expect(inotify.addWatch('/a', DELETE)).toBe(1)
    fs.rmdir('/a')
    expect(inotify.watches).toBe(0)
    expect(inotify.addWatch('/b', CREATE)).toBe(3)
  })

  it('overflows once, and loses what comes until there is room', () => {
    const fs = new SimulatedFilesystem()
    const inotify = fs.inotify({ maxQueuedEvents: 2 })
    inotify.addWatch('/', CREATE)
    for (const path of ['/1', '/2', '/3', '/4']) fs.mkdir(path)
    expect(inotify.queued).toBe(3)
    expect(inotify.read(2).map(text)).toEqual(['1 CREATE|ISDIR 1', '1 CREATE|ISDIR 2'])
    fs.mkdir('/5')
    fs.mkdir('/6')
    expect(inotify.read().map(text)).toEqual(['-1 Q_OVERFLOW', '1 CREATE|ISDIR 5'])
    fs.mkdir('/7')
    expect(inotify.read().map(text)).toEqual(['1 CREATE|ISDIR 7'])
  })

  it('keeps fences in their places and apart, and loses them on overflow', () => {
    const fs = new SimulatedFilesystem()
    const inotify = fs.inotify({ maxQueuedEvents: 3 })
    inotify.addWatch('/', CREATE)
    expect([inotify.fence(), inotify.fence()]).toEqual([1, 2])
    fs.mkdir('/a')
    expect(inotify.fence()).toBe(3)
    expect(inotify.read()).toEqual([
      { wd: 0, mask: 0, cookie: 1, name: '' },
      { wd: 0, mask: 0, cookie: 2, name: '' },
      { wd: 1, mask: CREATE | ISDIR, cookie: 0, name: 'a' },
      { wd: -1, mask: INOTIFY.Q_OVERFLOW, cookie: 0, name: '' },
    ])
  })

  it('locks out a watcher without rights', () => {
    const { fs, inotify } = watched('/w/d')
    fs.writeFile('/w/d/f')
    fs.chmod('/w/d', 0o300)
    expect(inotify.list('/w/d')).toBe(-13)
    expect(inotify.addWatch('/w/d', CREATE)).toBe(-13)
    expect(inotify.identify('/w/d/f')).toMatchObject({ type: 'file' })
    fs.chmod('/w/d', 0o600)
    expect(inotify.list('/w/d')).toMatchObject([{ name: 'f', type: 'file' }])
    expect(inotify.identify('/w/d/f')).toBe(-13)
  })

  it('lists as the kernel does: not through a symlink, with records of its own', () => {
    const { fs, inotify, records } = watched('/w/d')
    fs.symlink('d', '/w/s')
    expect(inotify.list('/w/s')).toBe(-20)
    expect(inotify.list('/w/x')).toBe(-2)
    expect(inotify.list('/w/d')).toEqual([])
    expect(records()).toEqual(['1 OPEN|ISDIR', '1 ACCESS|ISDIR', '1 CLOSE_NOWRITE|ISDIR'])
  })

  it('lets others act before each call, so that a listing can miss and double what is renamed meanwhile', () => {
    const outcomes = new Set<string>()
    for (let n = 0; n < 40; n++) {
      const fs = new SimulatedFilesystem()
      fs.mkdir('/d')
      for (const name of ['a', 'b', 'c', `old${n}`]) fs.mkdir(`/d/${name}`)
      const calls: SimulatedCall[] = []
      const inotify = fs.inotify({
        entriesPerGetdents: 1,
        beforeCall: (call) => {
          calls.push(call)
          if (calls.length === 4) fs.rename(`/d/old${n}`, `/d/new${n}`)
        },
      })
      const entries = inotify.list('/d')
      const names = Array.isArray(entries) ? entries.map(({ name }) => name) : []
      expect(names).toEqual(expect.arrayContaining(['a', 'b', 'c']))
      expect([calls[0], calls[1], calls.at(-1)]).toEqual(['open', 'getdents', 'close'])
      outcomes.add(`${names.includes(`old${n}`)} ${names.includes(`new${n}`)}`)
    }
    expect([...outcomes].sort()).toEqual(['false false', 'false true', 'true false', 'true true'])
  })

  it('reports a directory that is removed while it is listed', () => {
    const { fs } = watched('/w')
    const inotify = fs.inotify({
      beforeCall: (call) => call === 'getdents' && fs.exists('/w') && fs.rmdir('/w'),
    })
    expect(inotify.list('/w')).toBe(-2)
  })

  it('knows where its watches are', () => {
    const { fs, inotify } = watched('/w', '/w/d')
    fs.rename('/w/d', '/e')
    const handle = fs.open('/e', 'r')
    fs.rmdir('/e')
    expect([...inotify.watchedPaths()]).toEqual([
      [1, '/w'],
      [2, undefined],
    ])
    handle.close()
    expect(inotify.watches).toBe(1)
  })

  it('has instances that do not disturb each other, and is dead after close', () => {
    const fs = new SimulatedFilesystem()
    const one = fs.inotify()
    const two = fs.inotify()
    one.addWatch('/', CREATE)
    two.addWatch('/', CREATE | EXCL_UNLINK | ONLYDIR)
    fs.mkdir('/a')
    one.close()
    fs.mkdir('/b')
    expect(one.queued).toBe(0)
    expect(one.addWatch('/', CREATE)).toBe(-9)
    expect(two.read().map(text)).toEqual(['1 CREATE|ISDIR a', '1 CREATE|ISDIR b'])
  })
})
