import { describe, expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import type { LookCycles } from '../../../src/contracts/index.js'
import { FileEvent, type EventType, type FileEventFields } from '../../../src/events/index.js'
import { nowMicros } from '../../../src/linux/clock.js'
import { Verification } from '../../../src/pipeline/index.js'
import { DiskTree } from '../../../src/watching/DiskTree.js'
import { until } from '../../helpers/until.js'

const QUIET = 10
const ENOENT = 2
let seq = 0

function event(eventType: EventType, filePath = '', fields: Partial<FileEventFields> = {}): FileEvent {
  const code = `FSFLOW_${eventType}`
  return new FileEvent({
    timestampMicros: nowMicros(),
    seq: ++seq,
    eventType,
    filePath,
    source: 'test',
    ...(filePath === '' && { controlDetails: { code, message: code } }),
    ...fields,
  })
}

/** A disk in memory below /r, and a stream of events about it. */
class World {
  readonly files = new Map<string, boolean>()
  readonly events = new Subject<FileEvent>()
  readonly verification: Verification
  /** What the source says of the looks of its own, and what is called before. */
  looks: LookCycles | undefined
  onAsk: () => void = () => undefined
  /** Called before each listing, and before each look at one path. */
  onList: (path: string) => void = () => undefined
  onLook: (path: string) => void = () => undefined

  constructor(...paths: string[]) {
    for (const path of paths) this.make(path)
    const disk = new DiskTree(
      {
        list: (path) => {
          this.onList(path.replace(/\/\.$/, ''))
          return this.#list(path.replace(/\/\.$/, ''))
        },
        identify: (path) => {
          this.onLook(path)
          const isDirectory = this.files.get(path)
          return isDirectory === undefined
            ? -ENOENT
            : { dev: 1, ino: 1, type: isDirectory ? 'directory' : 'file' }
        },
      },
      [{ path: '/r', only: undefined }],
      (path) => !path.endsWith('.skip'),
    )
    this.verification = new Verification(this.events, disk, {
      quiet: QUIET,
      looks: () => {
        this.onAsk()
        return this.looks
      },
    })
  }

  make(path: string): void {
    this.files.set(path.replace(/\/$/, ''), path.endsWith('/'))
  }

  async ready(): Promise<this> {
    this.tell('MONITOR_START')
    await this.verification.ready
    return this
  }

  tell(type: EventType, path = '', fields: Partial<FileEventFields> = {}): void {
    this.events.next(event(type, path, fields))
  }

  async differences(): Promise<string[]> {
    const { differences } = await this.verification.compare()
    return differences.map(({ problem, path }) => `${problem} ${path}`)
  }

  #list(directory: string) {
    const prefix = `${directory}/`
    return [...this.files]
      .filter(([path]) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
      .map(([path, isDirectory]) => ({
        name: path.slice(prefix.length),
        type: isDirectory ? ('directory' as const) : ('file' as const),
      }))
  }
}

describe('Verification', () => {
  it('finds nothing while the stream tells the truth, and counts what is there', async () => {
    const world = await new World('/r/a/', '/r/a/f', '/r/x.skip').ready()
    expect(await world.differences()).toEqual([])
    world.make('/r/b')
    world.tell('CREATE', '/r/b')
    world.files.delete('/r/a/f')
    world.tell('DELETE', '/r/a/f')
    const { entries, differences, undecided, unreadable } = await world.verification.compare()
    expect({ entries, differences, undecided, unreadable }).toEqual({
      entries: 2,
      differences: [],
      undecided: 0,
      unreadable: 0,
    })
    expect(world.verification.events).toBe(3)
  })

  it('finds what was not told, told too much, and told as the wrong kind, sorted', async () => {
    const world = await new World('/r/d/', '/r/d/f', '/r/k').ready()
    world.make('/r/new/')
    world.make('/r/new/below')
    for (const path of ['/r/d', '/r/d/f']) world.files.delete(path)
    world.make('/r/k/')
    const expected = ['extra /r/d', 'extra /r/d/f', 'kind /r/k', 'missing /r/new', 'missing /r/new/below']
    expect(await world.differences()).toEqual(expected)
    // It goes on keeping what was told.
    expect(await world.differences()).toEqual(expected)
  })

  it('does not count what is told late: it looks again', async () => {
    const world = await new World('/r/old').ready()
    world.make('/r/new')
    world.files.delete('/r/old')
    let looks = 0
    world.onLook = (path) => {
      if (path === '/r/new' && ++looks === 2) {
        world.tell('CREATE', '/r/new')
        world.tell('DELETE', '/r/old')
      }
    }
    expect(await world.differences()).toEqual([])
    expect(looks).toBeGreaterThanOrEqual(2)
  })

  it('does not decide about what goes on being told of, itself or a directory above it', async () => {
    const world = await new World('/r/d/').ready()
    world.make('/r/d/new')
    world.make('/r/plain')
    let looks = 0
    world.onLook = (path) => {
      if (path !== '/r/d/new') return
      looks++
      world.tell('CREATE', '/r/d', { isDirectory: true })
    }
    const { differences, undecided } = await world.verification.compare()
    expect(differences).toEqual([{ problem: 'missing', path: '/r/plain' }])
    expect(undecided).toBe(1)
    expect(looks).toBeGreaterThan(3)
  })

  it('counts nothing between OVERFLOW and RECOVERED', async () => {
    const world = await new World().ready()
    world.make('/r/lost')
    let recovered = false
    world.onList = () => {
      world.onList = () => undefined
      world.tell('OVERFLOW')
      setTimeout(() => {
        recovered = true
        world.tell('CREATE', '/r/lost', { synthetic: true })
        world.tell('RECOVERED')
      }, QUIET * 8)
    }
    expect(await world.differences()).toEqual([])
    expect(recovered).toBe(true)
    expect(world.verification.overflows).toBe(1)
  })

  it('does not wait for quiet when events that were read later are told', async () => {
    const world = await new World().ready()
    world.make('/r/lost')
    const busy = setInterval(() => world.tell('MODIFY', '/r/busy'), 1)
    try {
      expect(await world.differences()).toEqual(['missing /r/lost'])
    } finally {
      clearInterval(busy)
    }
  })

  it('does not count while only events are told that were read long ago', async () => {
    const world = await new World().ready()
    world.make('/r/late')
    const past = nowMicros()
    const backlog = setInterval(() => world.tell('MODIFY', '/r/busy', { timestampMicros: past }), 1)
    setTimeout(() => {
      clearInterval(backlog)
      world.tell('CREATE', '/r/late')
    }, QUIET * 10)
    expect(await world.differences()).toEqual([])
  })

  describe('while the source looks itself', () => {
    /** A world with a path that is not told. `step` is called each time that the source is asked how far it is. */
    async function polled(step: (asked: number) => void): Promise<World> {
      const world = await new World('/r/seen').ready()
      world.looks = { needed: true, begun: 5, ended: 4 }
      world.make('/r/late')
      let asked = 0
      world.onAsk = () => step(++asked)
      return world
    }

    it('counts nothing before it has looked everywhere, however long that takes', async () => {
      let told = false
      let looks = 0
      const world = await polled((asked) => {
        if (asked !== 40) return
        told = true
        world.tell('CREATE', '/r/late')
        world.looks = { needed: true, begun: 6, ended: 6 }
      })
      world.onLook = () => looks++
      expect(await world.differences()).toEqual([])
      expect(told).toBe(true)
      // Nor does it look again and again meanwhile.
      expect(looks).toBeLessThan(10)
    })

    it('does not take the look for one that had begun before', async () => {
      let ended = false
      const world = await polled((asked) => {
        // That which was under way may have passed the directory already.
        if (asked === 15) world.looks = { needed: true, begun: 6, ended: 5 }
        if (asked === 30) {
          ended = true
          world.looks = { needed: true, begun: 7, ended: 6 }
        }
      })
      expect(await world.differences()).toEqual(['missing /r/late'])
      expect(ended).toBe(true)
    })

    it('waits for another one when it was told of meanwhile', async () => {
      let isLast = false
      const world = await polled((asked) => {
        if (asked === 15) {
          world.tell('DELETE', '/r/late')
          world.looks = { needed: true, begun: 6, ended: 6 }
        }
        if (asked === 40) {
          isLast = true
          world.looks = { needed: true, begun: 7, ended: 7 }
        }
      })
      expect(await world.differences()).toEqual(['missing /r/late'])
      expect(isLast).toBe(true)
    })

    it('does not wait any more when there is nothing left that it looks at', async () => {
      const world = await polled((asked) => {
        if (asked === 15) world.looks = { needed: false, begun: 5, ended: 4 }
      })
      expect(await world.differences()).toEqual(['missing /r/late'])
    })

    it('ends with the stream', async () => {
      const world = await polled((asked) => {
        if (asked === 15) world.events.complete()
      })
      await expect(world.verification.compare()).rejects.toThrow('the stream ended before')
    })
  })

  describe('with a directory that the stream tells under another path', () => {
    const alias = { controlDetails: { code: 'FSFLOW_ALIAS', message: 'the same as /r/a' } }

    async function aliased(): Promise<World> {
      const world = await new World('/r/a/', '/r/d/', '/r/d/b/').ready()
      world.tell('WARNING', '/r/d/b', alias)
      for (const path of ['/r/d/b/x', '/r/c']) world.make(path)
      return world
    }

    it('leaves out what is in it, and only that', async () => {
      const world = await aliased()
      expect(await world.differences()).toEqual(['missing /r/c'])
      expect(world.verification.aliases).toBe(1)
      world.files.delete('/r/d/b')
      world.files.delete('/r/d/b/x')
      expect(await world.differences()).toEqual(['missing /r/c', 'extra /r/d/b'])
    })

    it('takes it along when it is renamed', async () => {
      const world = await aliased()
      for (const path of ['/r/d', '/r/d/b', '/r/d/b/x']) world.files.delete(path)
      for (const path of ['/r/e/', '/r/e/b/', '/r/e/b/x']) world.make(path)
      world.tell('RENAME', '/r/e', { oldPath: '/r/d', isDirectory: true })
      expect(await world.differences()).toEqual(['missing /r/c'])
    })

    it.each<[string, EventType, string, Partial<FileEventFields>]>([
      ['when something in it is told', 'CREATE', '/r/d/b/y', {}],
      ['when it is made anew', 'CREATE', '/r/d/b', { isDirectory: true }],
      ['when something leaves it', 'RENAME', '/r/z', { oldPath: '/r/d/b/z' }],
      ['when it is unmounted', 'UNMOUNT', '/r/d/b', {}],
      ['when a directory above it is unmounted', 'UNMOUNT', '/r/d', {}],
    ])('compares it again %s', async (_, type, path, fields) => {
      const world = await aliased()
      if (type === 'CREATE') world.make(path + (fields.isDirectory === true ? '/' : ''))
      if (type === 'RENAME') world.make(path)
      world.tell(type, path, fields)
      expect(world.verification.aliases).toBe(0)
      expect(await world.differences()).toEqual(['missing /r/c', 'missing /r/d/b/x'])
    })

    it('goes on leaving it out when something else is told', async () => {
      const world = await aliased()
      world.tell('CREATE', '/r/c')
      world.tell('ATTRIB', '/r/d/b', { isDirectory: true })
      expect(await world.differences()).toEqual([])
    })

    it('also when the stream says so only while it compares', async () => {
      const world = await new World('/r/b/').ready()
      world.make('/r/b/x')
      world.onLook = () => {
        world.onLook = () => undefined
        world.tell('WARNING', '/r/b', alias)
      }
      expect(await world.differences()).toEqual([])
    })
  })

  it('puts right what the first listing has missed while the tree changed, and only that', async () => {
    const world = new World('/r/a/', '/r/a/f', '/r/z/')
    // The directory goes between the listing of its parent and its own.
    world.onList = (path) => {
      if (path !== '/r/a') return
      world.onList = () => undefined
      world.files.delete('/r/a')
      world.files.delete('/r/a/f')
      world.make('/r/b/')
      world.make('/r/b/f')
      world.tell('RENAME', '/r/b', { oldPath: '/r/a', isDirectory: true })
    }
    await world.ready()
    expect(world.verification.adopted).toBeGreaterThan(0)
    expect([...world.verification.tree.entries()].sort()).toEqual([
      ['/r/b', true],
      ['/r/b/f', false],
      ['/r/z', true],
    ])
    world.make('/r/later')
    expect(await world.differences()).toEqual(['missing /r/later'])
  })

  it('corrects nothing when the tree was quiet at the start', async () => {
    const world = await new World('/r/a').ready()
    expect(world.verification.adopted).toBe(0)
  })

  it('makes one comparison after the other', async () => {
    const world = await new World().ready()
    let walking = false
    const overlaps: string[] = []
    world.onList = (path) => {
      if (path === '/r' && walking) overlaps.push(path)
      walking = true
    }
    world.make('/r/x')
    world.onLook = () => (walking = false)
    expect(await Promise.all([world.differences(), world.differences()])).toEqual([
      ['missing /r/x'],
      ['missing /r/x'],
    ])
    expect(overlaps).toEqual([])
  })

  it('rejects when the stream fails, with its error, before and during a comparison', async () => {
    const failed = new World()
    failed.events.error(new Error('no watch'))
    await expect(failed.verification.ready).rejects.toThrow('no watch')
    await expect(failed.verification.done).rejects.toThrow('no watch')
    await expect(failed.verification.compare()).rejects.toThrow('no watch')

    const world = await new World().ready()
    world.make('/r/x')
    world.onLook = () => world.events.complete()
    await expect(world.verification.compare()).rejects.toThrow('the stream ended before')
    await expect(world.verification.done).resolves.toBeUndefined()
  })

  it('rejects when the stream completes before it was ready', async () => {
    const world = new World()
    world.events.complete()
    await expect(world.verification.ready).rejects.toThrow('before it was ready')
  })

  it('lets go of the stream when it is closed', async () => {
    const world = await new World().ready()
    world.verification.close()
    await until(
      () => !world.events.observed,
      () => 'unsubscribed',
    )
    await expect(world.verification.compare()).rejects.toThrow('the stream ended before')
  })
})
