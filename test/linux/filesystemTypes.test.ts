import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { blindFilesystem, inotifyView } from '../../src/linux/filesystemTypes.js'
import { rawFromText } from '../../src/linux/rawPath.js'
import { itWith, mounting } from '../helpers/requires.js'
import { withFilesystem, withMount } from '../helpers/withFilesystem.js'

describe('inotifyView', () => {
  it.each([
    'nfs',
    'nfs4',
    'cifs',
    'smb3',
    'fuse',
    'fuse.sshfs',
    'fuseblk',
    '9p',
    'virtiofs',
    'overlay',
    'proc',
    'ceph',
  ])('does not see all changes on %s, and says which', (type) => {
    const { view, blind, polled } = inotifyView(type)
    expect(view).toBe('partial')
    // What the kernel makes itself has no end of changes.
    expect(polled).toBe(type !== 'proc')
    expect(blind).toMatch(/^changes /)
  })

  it.each(['ext4', 'xfs', 'btrfs', 'tmpfs', 'zfs', 'vfat', 'fat.x'])('knows or does not know %s', (type) => {
    expect(inotifyView(type)).toEqual({
      view: type === 'fat.x' ? 'unknown' : 'full',
      polled: false,
    })
  })

  it('does not take the name of a property for a filesystem', () => {
    for (const type of ['constructor', 'toString', '__proto__', ''])
      expect(inotifyView(type)).toEqual({ view: 'unknown', polled: false })
  })
})

describe('blindFilesystem', () => {
  it('is none where all is seen, where the kernel makes what is there, and where nothing is', () => {
    for (const path of ['/proc', '/sys', '/dev/shm', '/nowhere/at/all'])
      expect([path, blindFilesystem(path)]).toEqual([path, undefined])
  })

  itWith([mounting], 'is that of the place to which a path leads, whatever bytes are in it', () =>
    withFilesystem('tmpfs', async (top) => {
      const over = Buffer.concat([Buffer.from(`${top}/o`), Buffer.from([0xff])])
      for (const name of ['lower', 'upper', 'work']) mkdirSync(join(top, name))
      mkdirSync(over)
      symlinkSync(over, join(top, 'link'))
      mkdirSync(join(top, 'mounted'))
      const options = `lowerdir=${top}/lower,upperdir=${top}/upper,workdir=${top}/work`
      await withMount(['-t', 'overlay', '-o', options, 'overlay'], join(top, 'mounted'), () =>
        withMount(['--bind', join(top, 'mounted')], join(top, 'link'), () => {
          const raw = over.toString('latin1')
          mkdirSync(Buffer.concat([over, Buffer.from('/in')]))
          const paths = [rawFromText(join(top, 'mounted')), raw, `${raw}/in`, rawFromText(join(top, 'link'))]
          expect(paths.map(blindFilesystem)).toEqual(paths.map(() => 'overlay'))
          expect(blindFilesystem(rawFromText(top))).toBeUndefined()
          // What is compared from time to time is what check says of it.
          expect(inotifyView('overlay').polled).toBe(true)
          return Promise.resolve()
        }),
      )
    }),
  )
})
