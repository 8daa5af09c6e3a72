import * as fs from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { eventGroups, type EventType } from '../../src/events/index.js'
import { ownWatches } from '../../src/watching/ownWatches.js'
import { describeBindings } from '../helpers/bindings.js'
import { kernelWatches } from '../helpers/procSelf.js'
import { watching, type SourceProbe } from '../helpers/SourceProbe.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const changes = new Set<EventType>(eventGroups.changes)

type At = (path: string) => string

describeBindings('links that the inotify source follows', ({ binding, test }) => {
  const following = (
    name: string,
    prepare: (at: At) => void,
    use: (probe: SourceProbe, at: At) => Promise<void>,
  ): void => {
    test(name, () =>
      withDirectory(async (top) => {
        const at: At = (path) => join(top, path)
        for (const path of ['root', 'outside']) fs.mkdirSync(at(path))
        prepare(at)
        const before = kernelWatches().length
        const options = { paths: at('root'), binding, followSymlinks: true, pollInterval: 30 }
        await watching(options, (probe) => use(probe, at), { request: { eventTypes: changes } })
        // Those of an earlier test file of this process may go meanwhile.
        expect(kernelWatches().length).toBeLessThanOrEqual(before)
      }),
    )
  }
  const births = (probe: SourceProbe, at: At): string[] =>
    probe.told(at('root')).filter((line) => /CREATE|DELETE|MOVED/.test(line))

  following(
    'tells the content of a link to a directory under the path of the link',
    (at) => {
      fs.mkdirSync(at('outside/sub'))
      fs.symlinkSync(at('outside'), at('root/link'))
    },
    async (probe, at) => {
      fs.writeFileSync(at('outside/sub/f'), '')
      await probe.sees('CREATE', at('root/link/sub/f'))
      fs.mkdirSync(at('outside/new'))
      await probe.sees('CREATE', at('root/link/new'))
      fs.writeFileSync(at('outside/new/g'), '')
      await probe.sees('CREATE', at('root/link/new/g'))
      fs.renameSync(at('outside/new'), at('outside/named'))
      fs.writeFileSync(at('outside/named/h'), '')
      await probe.sees('CREATE', at('root/link/named/h'))
      expect(births(probe, at)).toEqual([
        'CREATE link/sub/f',
        'CREATE link/new',
        'CREATE link/new/g',
        'MOVED_FROM link/new',
        'MOVED_TO link/named',
        'CREATE link/named/h',
      ])
      expect(probe.events.find(({ filePath }) => filePath === at('root/link/new'))!.root).toBe(at('root'))
    },
  )

  following(
    'ends in loops, and tells each directory under its real path',
    (at) => {
      fs.mkdirSync(at('root/a/b'), { recursive: true })
      fs.symlinkSync('..', at('root/a/up'))
      fs.symlinkSync(at('root'), at('root/a/b/top'))
      fs.symlinkSync('.', at('root/self'))
      fs.symlinkSync('eternal', at('root/eternal'))
    },
    async (probe, at) => {
      expect(probe.events[0]!.controlDetails!.counts).toEqual({ watches: 3 })
      fs.writeFileSync(at('root/a/b/top/a/up/self/a/f'), '')
      await probe.sees('CREATE', at('root/a/f'))
      fs.mkdirSync(at('root/new'))
      fs.symlinkSync('..', at('root/new/up'))
      await probe.sees('CREATE', at('root/new/up'))
      fs.writeFileSync(at('root/new/g'), '')
      await probe.sees('CREATE', at('root/new/g'))
      expect(births(probe, at).map((line) => line.replace('~', ''))).toEqual([
        'CREATE a/f',
        'CREATE new',
        'CREATE new/up',
        'CREATE new/g',
      ])
      expect(probe.issues).toEqual([])
    },
  )

  following(
    'tells the content of a link that is new, and its end before that of the link',
    (at) => {
      fs.mkdirSync(at('outside/sub'))
      fs.writeFileSync(at('outside/sub/f'), '')
    },
    async (probe, at) => {
      fs.symlinkSync('../outside', at('root/link'))
      await probe.sees('CREATE', at('root/link/sub/f'))
      fs.unlinkSync(at('root/link'))
      await probe.sees('DELETE', at('root/link'))
      fs.writeFileSync(at('outside/sub/g'), '')
      fs.writeFileSync(at('root/h'), '')
      await probe.sees('CREATE', at('root/h'))
      expect(births(probe, at)).toEqual([
        'CREATE link',
        '~CREATE link/sub',
        '~CREATE link/sub/f',
        '~DELETE link/sub/f',
        '~DELETE link/sub',
        'DELETE link',
        'CREATE h',
      ])
    },
  )

  following(
    'finds a link that dangled and leads somewhere now, and one that dangles by now',
    (at) => fs.symlinkSync('../outside/later', at('root/link')),
    async (probe, at) => {
      for (const round of ['1', '2']) {
        fs.mkdirSync(at('outside/later'))
        fs.writeFileSync(at(`outside/later/${round}`), '')
        await probe.sees('CREATE', at(`root/link/${round}`))
        fs.writeFileSync(at(`outside/later/after-${round}`), '')
        await probe.sees('CREATE', at(`root/link/after-${round}`))
        fs.renameSync(at('outside/later'), at(`outside/gone-${round}`))
        await probe.sees('DELETE', at(`root/link/${round}`))
      }
    },
  )

  following(
    'finds that a link leads elsewhere, whether it was replaced or what it leads through',
    (at) => {
      for (const path of ['outside/a', 'outside/b', 'outside/c']) {
        fs.mkdirSync(at(path))
        fs.writeFileSync(at(`${path}/of-${path.at(-1)!}`), '')
      }
      fs.symlinkSync('a', at('outside/via'))
      fs.symlinkSync('../outside/via', at('root/link'))
    },
    async (probe, at) => {
      // Seen by no watch: the link outside is another one.
      fs.symlinkSync('b', at('outside/next'))
      fs.renameSync(at('outside/next'), at('outside/via'))
      await probe.sees('CREATE', at('root/link/of-b'))
      expect(probe.has('DELETE', at('root/link/of-a'))).toBe(true)
      fs.symlinkSync('../outside/c', at('root/next'))
      fs.renameSync(at('root/next'), at('root/link'))
      await probe.sees('CREATE', at('root/link/of-c'))
      expect(probe.has('DELETE', at('root/link/of-b'))).toBe(true)
      fs.writeFileSync(at('outside/c/new'), '')
      await probe.sees('CREATE', at('root/link/new'))
      fs.writeFileSync(at('outside/a/unseen'), '')
      fs.writeFileSync(at('root/end'), '')
      await probe.sees('CREATE', at('root/end'))
      expect(probe.told(at('root')).filter((line) => line.includes('unseen'))).toEqual([])
    },
  )

  following(
    'has another link take over when the one goes under which a directory was told',
    (at) => {
      fs.mkdirSync(at('outside/d'))
      for (const name of ['one', 'two']) fs.symlinkSync('../outside/d', at(`root/${name}`))
    },
    async (probe, at) => {
      fs.writeFileSync(at('outside/d/f'), '')
      await until(
        () => probe.has('CREATE', at('root/one/f')) || probe.has('CREATE', at('root/two/f')),
        () => 'f under one of the links',
      )
      const [main, other] = probe.has('CREATE', at('root/one/f')) ? ['one', 'two'] : ['two', 'one']
      expect(probe.has('CREATE', at(`root/${other}/f`))).toBe(false)
      fs.unlinkSync(at(`root/${main}`))
      await probe.sees('CREATE', at(`root/${other}/f`))
      fs.writeFileSync(at('outside/d/g'), '')
      await probe.sees('CREATE', at(`root/${other}/g`))
    },
  )

  following(
    'tells a directory that comes into the tree under its real path from then on',
    (at) => {
      fs.mkdirSync(at('outside/d'))
      fs.writeFileSync(at('outside/d/f'), '')
      fs.symlinkSync('../outside/d', at('root/link'))
    },
    async (probe, at) => {
      fs.renameSync(at('outside/d'), at('root/d'))
      await probe.sees('CREATE', at('root/d/f'))
      await probe.sees('DELETE', at('root/link/f'))
      fs.unlinkSync(at('root/link'))
      fs.symlinkSync('d', at('root/link'))
      fs.writeFileSync(at('root/link/g'), '')
      await probe.sees('CREATE', at('root/d/g'))
      expect(probe.has('CREATE', at('root/link/g'))).toBe(false)
      const watched = (): number => kernelWatches().length - ownWatches([at('root')])
      await until(
        () => watched() === 2,
        () => `${watched()} watches`,
      )
    },
  )

  following(
    'tells nothing of what a link to a file leads to, until that is a directory',
    (at) => {
      fs.writeFileSync(at('outside/f'), '')
      fs.symlinkSync('../outside/f', at('root/link'))
    },
    async (probe, at) => {
      fs.writeFileSync(at('outside/f'), 'x')
      fs.symlinkSync('../outside/f', at('root/other'))
      await probe.sees('CREATE', at('root/other'))
      expect(probe.told(at('root'))).toEqual(['CREATE other'])
      fs.unlinkSync(at('outside/f'))
      fs.mkdirSync(at('outside/f'))
      fs.writeFileSync(at('outside/f/g'), '')
      await until(
        () => probe.has('CREATE', at('root/link/g')) || probe.has('CREATE', at('root/other/g')),
        () => 'the content under one of the links',
      )
    },
  )
})
