import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { eventGroups } from '../../src/events/index.js'
import { auto } from '../../src/sources/auto.js'
import { itAsRoot, itWith, mounting } from '../helpers/requires.js'
import { SourceProbe, sourceRequest, watching } from '../helpers/SourceProbe.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { withFilesystem, withMount } from '../helpers/withFilesystem.js'

const request = { eventTypes: new Set(eventGroups.changes) }
const fast = { pollInterval: 50 }

/** Runs `use` with the arguments that mount an overlay, whose directories lie in `directory`. */
function overlay(directory: string, lower = 'lower'): string[] {
  const at = (name: string) => join(directory, name)
  for (const name of [lower, `${lower}-upper`, `${lower}-work`]) fs.mkdirSync(at(name), { recursive: true })
  const layers = `lowerdir=${at(lower)},upperdir=${at(`${lower}-upper`)},workdir=${at(`${lower}-work`)}`
  return ['-t', 'overlay', 'overlay', '-o', layers]
}

/** Waits until what is told of a tree is what is on the disk. */
function follower(tree: string, probe: SourceProbe): () => Promise<void> {
  const state = new TreeState(listTree(tree))
  let applied = 0
  return () =>
    until(
      () => {
        for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
        return state.differences(listTree(tree)).length === 0
      },
      () => `${state.differences(listTree(tree)).join(', ')} after ${probe.told(tree).slice(-20).join(', ')}`,
    )
}

function startOf(probe: SourceProbe): string {
  return probe.events[0]!.controlDetails!.message
}

describe('auto()', () => {
  it('refuses what neither of its sources has', () => {
    expect(() => auto({ paths: 'a', scope: 'all' as 'auto' })).toThrow('auto: scope is not known')
    expect(() => auto({ paths: 'a', depth: 1 } as never)).toThrow('auto: depth is not an option')
    expect(() => auto({ paths: 'a', pollInterval: 1 })).toThrow('auto: pollInterval must be')
  })

  itAsRoot('is fanotify where that serves', () =>
    withDirectory(async (top) => {
      const probe = await watching(
        auto({ paths: top }),
        async (running) => {
          fs.writeFileSync(join(top, 'f'), '')
          await running.sees('CREATE', join(top, 'f'))
        },
        { request },
      )
      expect(startOf(probe)).toBe('watching 1 root by fanotify')
      const created = probe.events.find(({ eventType }) => eventType === 'CREATE')!
      expect(created).toMatchObject({ source: 'fanotify', pid: process.pid, root: top })
      expect(probe.events.map(({ seq }) => seq)).toEqual(probe.events.map((_, index) => index + 1))
    }),
  )

  it('is inotify when links are to be followed, and says so', () =>
    withDirectory(async (top) => {
      const source = auto({ paths: top, followSymlinks: true })
      const probe = await watching(
        source,
        async (running) => {
          fs.mkdirSync(join(top, 'd'))
          await running.sees('CREATE', join(top, 'd'))
          expect(source.stats!()).toMatchObject({ ready: true })
        },
        { request },
      )
      expect(startOf(probe)).toBe('watching 1 directory by inotify: only the inotify source follows links')
      expect(probe.events.at(-1)).toMatchObject({ source: 'inotify' })
      const { lines } = await source.check(sourceRequest())
      expect(lines).toContain('all by inotify: only the inotify source follows links')
    }))

  itWith([mounting], 'watches a root that has to be compared with the disk by inotify', () =>
    withFilesystem('tmpfs', async (directory) => {
      const merged = join(directory, 'merged')
      fs.mkdirSync(merged)
      await withMount(overlay(directory), merged, async () => {
        const plain = join(directory, 'plain')
        fs.mkdirSync(plain)
        const probe = await watching(
          auto({ paths: [plain, merged], ...fast }),
          async (running) => {
            fs.writeFileSync(join(directory, 'lower', 'below'), '')
            await running.sees('CREATE', join(merged, 'below'))
            fs.writeFileSync(join(plain, 'f'), '')
            await running.sees('CREATE', join(plain, 'f'))
          },
          { request },
        )
        expect(startOf(probe)).toBe('watching 1 root by fanotify, and 1 root or mount by inotify')
        expect(probe.events.map(({ seq }) => seq)).toEqual(probe.events.map((_, index) => index + 1))
        expect(probe.controls[0]).toBe('MONITOR_START')
        const sources = probe.events.map(({ filePath, source }) => `${filePath} ${source}`)
        expect(sources).toContain(`${join(plain, 'f')} fanotify`)
      })
    }),
  )

  itWith([mounting], 'watches a mount below a root by inotify, as a part of that root', () =>
    withFilesystem('tmpfs', async (directory) => {
      const root = join(directory, 'root')
      const merged = join(root, 'a', 'merged')
      fs.mkdirSync(merged, { recursive: true })
      const layers = overlay(directory)
      fs.mkdirSync(join(directory, 'lower', 'skip'))
      await withMount(layers, merged, async () => {
        const source = auto({ paths: root, ...fast })
        const pruned = { ...request, prune: [(path: string) => path === 'a/merged/skip'] }
        const probe = await watching(
          source,
          async (running) => {
            const isTrue = follower(root, running)
            fs.mkdirSync(join(merged, 'd'))
            fs.writeFileSync(join(merged, 'd', 'f'), '')
            await running.sees('CREATE', join(merged, 'd', 'f'))
            await isTrue()
            fs.writeFileSync(join(merged, 'skip', 'unseen'), '')
            fs.writeFileSync(join(root, 'g'), '')
            await running.sees('CREATE', join(root, 'g'))
            fs.writeFileSync(join(merged, 'last'), '')
            await running.sees('CREATE', join(merged, 'last'))
          },
          { request: pruned },
        )
        const events = probe.events.filter(({ isControl }) => !isControl)
        expect(new Set(events.map((event) => event.root))).toEqual(new Set([root]))
        expect(probe.told(root).filter((line) => line.includes('unseen'))).toEqual([])
        expect(probe.issues).toContainEqual(
          expect.objectContaining({ code: 'FSFLOW_FALLBACK', path: merged }),
        )
        const { lines, problems } = await source.check(sourceRequest())
        expect(problems).toEqual([])
        expect(lines).toContainEqual(expect.stringContaining(`${merged} by inotify, without the process: `))
      })
    }),
  )

  itWith([mounting], 'follows such mounts as they come, move and go', () =>
    withFilesystem('tmpfs', async (directory) => {
      const root = join(directory, 'root')
      const merged = join(root, 'a', 'merged')
      fs.mkdirSync(join(merged, 'covered'), { recursive: true })
      const layers = overlay(directory)
      fs.mkdirSync(join(directory, 'lower', 'd'))
      fs.writeFileSync(join(directory, 'lower', 'd', 'f'), '')
      await watching(
        auto({ paths: root, ...fast }),
        async (running) => {
          const isTrue = follower(root, running)
          await withMount(layers, merged, async () => {
            await isTrue()
            expect(running.told(root)).toContain('~CREATE a/merged/d/f')
            fs.writeFileSync(join(merged, 'g'), '')
            await running.sees('CREATE', join(merged, 'g'))
            await isTrue()
          })
          await isTrue()
          expect(running.told(root)).toContain('~CREATE a/merged/covered')
          fs.writeFileSync(join(merged, 'covered', 'h'), '')
          await running.sees('CREATE', join(merged, 'covered', 'h'))
          await withMount(layers, merged, async () => {
            await isTrue()
            fs.renameSync(join(root, 'a'), join(root, 'b'))
            try {
              const moved = join(root, 'b', 'merged')
              await running.sees('MOVED_TO', join(root, 'b'))
              await until(
                () => {
                  fs.writeFileSync(join(moved, 'i'), `${running.events.length}`)
                  return running.has('MODIFY', join(moved, 'i'))
                },
                () => running.told(root).slice(-20).join(', '),
              )
              await isTrue()
            } finally {
              fs.renameSync(join(root, 'b'), join(root, 'a'))
            }
            await running.sees('MOVED_TO', join(root, 'a'))
          })
          await isTrue()
        },
        { request },
      )
    }),
  )

  itAsRoot('ends with an error when one of its sources does', () =>
    withDirectory(async (top) => {
      const probe = new SourceProbe(auto({ paths: join(top, 'missing') }), { request })
      await probe.over()
      expect(probe.error).toMatchObject({ code: 'FSFLOW_PATH_NOT_FOUND' })
    }),
  )
})
