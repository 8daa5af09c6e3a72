import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { eventGroups } from '../../src/events/index.js'
import { fanotify } from '../../src/sources/fanotify.js'
import { itWith, mounting } from '../helpers/requires.js'
import { SourceProbe, sourceRequest, watching } from '../helpers/SourceProbe.js'
import { listTree, TreeState } from '../helpers/TreeState.js'
import { until } from '../helpers/until.js'
import { needsOf, withFilesystem, withMount, type FilesystemType } from '../helpers/withFilesystem.js'

const request = { eventTypes: new Set(eventGroups.changes) }

/** Work with directories that move while their records wait. */
const script = `
import os, shutil
for i in range(30):
    os.makedirs('t/a%d/b/c' % i)
    open('t/a%d/b/c/f' % i, 'w').write('x')
    os.rename('t/a%d/b' % i, 't/b%d' % i)
    open('t/b%d/c/g' % i, 'w').write('y')
    os.rename('t/b%d' % i, 'out/b%d' % i)
    os.rename('out/b%d' % i, 't/in%d' % i)
    if i % 3 == 0: shutil.rmtree('t/in%d' % i)
open('t/last', 'w').close()
`

/** Watches `t` in a directory while the script works there, and compares at the end. */
async function work(directory: string): Promise<SourceProbe> {
  const tree = join(directory, 't')
  for (const path of [tree, join(directory, 'out')]) fs.mkdirSync(path)
  return watching(
    fanotify({ paths: tree }),
    async (running) => {
      const state = new TreeState()
      execFileSync('python3', ['-c', script], { cwd: directory })
      await running.sees('CREATE', join(tree, 'last'))
      let applied = 0
      await until(
        () => {
          for (; applied < running.events.length; applied++) state.apply(running.events[applied]!)
          return state.differences(listTree(tree)).length === 0
        },
        () => state.differences(listTree(tree)).join(', '),
      )
    },
    { request },
  )
}

const types: readonly FilesystemType[] = ['tmpfs', 'ext4', 'xfs', 'btrfs']

describe('the fanotify source on filesystems', () => {
  for (const type of types) {
    itWith([mounting, ...needsOf(type)], `keeps up with ${type}, and lets it be unmounted`, () =>
      withFilesystem(type, async (directory) => {
        const probe = new SourceProbe(fanotify({ paths: directory }), { request })
        await probe.ready()
        const other = await work(directory)
        expect(other.events.length).toBeGreaterThan(200)
        await probe.sees('CREATE', join(directory, 't', 'last'))
        // Not lazily: nothing may hold it while all is quiet.
        await until(
          () => {
            try {
              execFileSync('umount', [directory], { stdio: 'ignore' })
              return true
            } catch {
              return false
            }
          },
          () => 'umount',
        )
        execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory])
        await probe.stop()
      }),
    )
  }

  itWith([mounting, ...needsOf('btrfs')], 'refuses a subvolume of btrfs, and watches it from the top', () =>
    withFilesystem('btrfs', async (directory) => {
      const volume = join(directory, 'volume')
      execFileSync('btrfs', ['-q', 'subvolume', 'create', volume], { stdio: 'ignore' })
      const refused = new SourceProbe(fanotify({ paths: volume }))
      await refused.over()
      expect(refused.error).toMatchObject({
        code: 'FSFLOW_UNSUPPORTED',
        message: `fanotify cannot watch ${volume}: fanotify cannot mark a btrfs subvolume, only the filesystem from its top`,
        hint: 'The inotify source watches it.',
      })
    }),
  )

  itWith([mounting], 'refuses an overlay whose files have no handles, and says so in the check', () =>
    withFilesystem('tmpfs', async (directory) => {
      const at = (name: string) => join(directory, name)
      for (const name of ['lower', 'upper', 'work', 'merged']) fs.mkdirSync(at(name))
      const layers = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`
      const args = ['-t', 'overlay', 'overlay', '-o', `${layers},index=off,nfs_export=off`]
      await withMount(args, at('merged'), async () => {
        const refused = new SourceProbe(fanotify({ paths: at('merged') }))
        await refused.over()
        expect(refused.error).toMatchObject({ code: 'FSFLOW_UNSUPPORTED', path: at('merged') })
        const { lines, problems } = await fanotify({ paths: directory }).check(sourceRequest())
        expect(problems).toEqual([])
        expect(lines).toContainEqual(expect.stringContaining(`${at('merged')} (overlay): not watched: `))
        // Below a root it is left out, with a warning; the rest goes on.
        const probe = await watching(
          fanotify({ paths: directory }),
          async (running) => {
            fs.writeFileSync(at('f'), '')
            await running.sees('CREATE', at('f'))
          },
          { request },
        )
        expect(probe.issues).toMatchObject([{ code: 'FSFLOW_UNSUPPORTED', path: at('merged') }])
        expect(probe.controls).toContain('WARNING')
      })
    }),
  )

  itWith([mounting], 'tells what happens in a filesystem that is mounted below a root', () =>
    withFilesystem('tmpfs', async (directory) => {
      const inner = join(directory, 'a', 'inner')
      fs.mkdirSync(inner, { recursive: true })
      await withMount(['-t', 'tmpfs', 'tmpfs'], inner, async () => {
        const probe = await watching(
          fanotify({ paths: directory }),
          async (running) => {
            fs.mkdirSync(join(inner, 'd'))
            fs.writeFileSync(join(inner, 'd', 'f'), '')
            await running.sees('CREATE', join(inner, 'd', 'f'))
            fs.renameSync(join(directory, 'a'), join(directory, 'b'))
            await running.sees('MOVED_TO', join(directory, 'b'))
            fs.writeFileSync(join(directory, 'b', 'inner', 'g'), '')
            await running.sees('CREATE', join(directory, 'b', 'inner', 'g'))
            fs.renameSync(join(directory, 'b'), join(directory, 'a'))
            await running.sees('MOVED_TO', join(directory, 'a'))
          },
          { request },
        )
        expect(probe.controls).toEqual(['MONITOR_START'])
      })
    }),
  )

  itWith([mounting], 'sees through a bind mount what is done by another path', () =>
    withFilesystem('tmpfs', async (directory) => {
      const at = (name: string) => join(directory, name)
      for (const name of ['real/sub', 'bound']) fs.mkdirSync(at(name), { recursive: true })
      await withMount(['--bind', at('real')], at('bound'), async () => {
        const probe = await watching(
          fanotify({ paths: at('bound') }),
          async (running) => {
            fs.writeFileSync(at('real/sub/f'), '')
            await running.sees('CREATE', at('bound/sub/f'))
          },
          { request },
        )
        expect(probe.told(directory)).toContain('CREATE bound/sub/f')
      })
    }),
  )
})
