import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import type { DirectoryPruner } from '../../src/contracts/index.js'
import { inotify, type InotifySourceOptions } from '../../src/sources/inotify.js'
import { holdings } from '../helpers/procSelf.js'
import { itWith, mounting } from '../helpers/requires.js'
import { sourceRequest } from '../helpers/SourceProbe.js'
import { withFilesystem, withMount } from '../helpers/withFilesystem.js'

/** The lines of the check about the roots and what is mounted at `top`, which stands for its path. */
async function linesOf(
  top: string,
  options: Omit<InotifySourceOptions, 'paths'> & { readonly paths: readonly string[] },
  prune: readonly DirectoryPruner[] = [],
): Promise<string[]> {
  const before = holdings()
  const paths = options.paths.map((path) => join(top, path))
  const { lines, problems } = await inotify({ ...options, paths }).check(sourceRequest({ prune }))
  expect(problems).toEqual([])
  expect(holdings()).toEqual(before)
  return lines.slice(0, lines.indexOf('by inotify(7), binding koffi')).map((line) => line.replaceAll(top, ''))
}

const layers = 'changes made in its lower or upper directory itself, not through the mount'

/** Runs `use` with a tmpfs on which an overlay, a devpts, another tmpfs and a single file are mounted. */
async function withMounts(use: (top: string) => Promise<void>): Promise<void> {
  await withFilesystem('tmpfs', async (top) => {
    for (const name of ['lower', 'upper', 'work', 'tree/over/deep', 'tree/pts', 'tree/skip/tmp', 'other'])
      mkdirSync(join(top, name), { recursive: true })
    for (const name of ['real', 'tree/hosts', 'lower/conf', 'other/f']) writeFileSync(join(top, name), '')
    const overlay = `lowerdir=${top}/lower,upperdir=${top}/upper,workdir=${top}/work`
    const at = (name: string): string => join(top, 'tree', name)
    await withMount(['-t', 'overlay', '-o', overlay, 'overlay'], at('over'), () =>
      withMount(['-t', 'devpts', 'devpts'], at('pts'), () =>
        withMount(['-t', 'tmpfs', 'tmpfs'], at('skip/tmp'), () =>
          withMount(['--bind', join(top, 'real')], at('hosts'), () =>
            withMount(['--bind', join(top, 'real')], at('over/conf'), () => use(top)),
          ),
        ),
      ),
    )
  })
}

const full = 'watched by inotify, which sees all changes'
const polled = `watched, and compared from time to time: inotify does not see ${layers}`
const devpts = 'watched, but not compared: inotify does not see changes that the kernel makes itself'
const file = 'inotify does not see changes of a single file that is mounted over a name'

describe('inotify().check', () => {
  itWith([mounting], 'says of each mount below a root what it gets, and why', () =>
    withMounts(async (top) => {
      const pruner: DirectoryPruner = (_, name) => name === 'skip'
      expect(await linesOf(top, { paths: ['tree'] }, [pruner])).toEqual([
        'watches /tree and all below',
        ` (tmpfs): ${full}`,
        `/tree/hosts (tmpfs): not watched: ${file}`,
        `/tree/over (overlay): ${polled}`,
        `/tree/over/conf (tmpfs): compared from time to time: ${file}`,
        `/tree/pts (devpts): ${devpts}`,
        '/tree/skip/tmp (tmpfs): excluded, not watched',
      ])
      expect(await linesOf(top, { paths: ['tree'], poll: 'off', followSymlinks: true })).toEqual([
        'watches /tree and all below',
        ` (tmpfs): ${full}`,
        `/tree/hosts (tmpfs): not watched: ${file}`,
        `/tree/over (overlay): watched, but not compared (poll is off): inotify does not see ${layers}`,
        `/tree/over/conf (tmpfs): not watched: ${file}`,
        `/tree/pts (devpts): ${devpts}`,
        `/tree/skip/tmp (tmpfs): ${full}`,
        'links to directories are followed, each directory once; where they lead is not looked at here',
      ])
    }),
  )

  itWith([mounting], 'says it of the one mount of each root when the roots are no trees', () =>
    withMounts(async (top) => {
      expect(await linesOf(top, { paths: ['tree', 'tree/over'], recursive: false })).toEqual([
        'watches /tree',
        'watches /tree/over',
        ` (tmpfs): ${full}`,
        `/tree/hosts (tmpfs): not watched: ${file}`,
        `/tree/over (overlay): ${polled}`,
        `/tree/over/conf (tmpfs): compared from time to time: ${file}`,
      ])
      expect(await linesOf(top, { paths: ['other/f', 'tree/over/conf', 'tree/hosts'] })).toEqual([
        'watches /other (only f)',
        'watches /tree/over (only conf)',
        'watches /tree (only hosts)',
        ` (tmpfs): ${full}`,
        `/tree/over (overlay): ${polled}`,
        `/tree/over/conf (tmpfs): compared from time to time: ${file}`,
        `/tree/hosts (tmpfs): not watched: ${file}`,
      ])
    }),
  )

  itWith([mounting], 'says it of a path that is awaited by where it will be', () =>
    withMounts(async (top) => {
      expect(await linesOf(top, { paths: ['tree/over/later/x'], waitForPath: true })).toEqual([
        'watches /tree/over/later/x and all below',
        `/tree/over (overlay): ${polled}`,
      ])
    }),
  )
})
