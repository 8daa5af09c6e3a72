import { describe, expect, it } from '@jest/globals'
import { inotifyView } from '../../src/linux/filesystemTypes.js'

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
