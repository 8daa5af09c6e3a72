import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { mountOf, mountsBelow, parseMounts, readMounts, type Mount } from '../../src/linux/mounts.js'
import { itWith, mounting } from '../helpers/requires.js'
import { withDirectory } from '../helpers/withDirectory.js'

const line = (id: number, parent: number, mountPoint: string, type = 'ext4') =>
  `${id} ${parent} 8:1 / ${mountPoint} rw,relatime shared:1 - ${type} /dev/sda rw`

const at = (mounts: readonly Mount[], path: string) => mountOf(path, mounts)?.id
const below = (mounts: readonly Mount[], path: string) => mountsBelow(path, mounts).map(({ id }) => id)

describe('parseMounts', () => {
  it('reads every field, with none, one and several optional ones', () => {
    const text = [
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue',
      '37 36 0:50 / /srv rw - tmpfs tmpfs rw',
      '38 36 0:51 / /x rw shared:2 master:1 propagate_from:2 - fuse.sshfs me@host:/ rw,user_id=0',
      '',
    ].join('\n')
    expect(parseMounts(text)).toEqual([
      {
        id: 36,
        parent: 35,
        device: '98:0',
        root: '/mnt1',
        mountPoint: '/mnt2',
        type: 'ext3',
        source: '/dev/root',
      },
      { id: 37, parent: 36, device: '0:50', root: '/', mountPoint: '/srv', type: 'tmpfs', source: 'tmpfs' },
      {
        id: 38,
        parent: 36,
        device: '0:51',
        root: '/',
        mountPoint: '/x',
        type: 'fuse.sshfs',
        source: 'me@host:/',
      },
    ])
  })

  it('undoes the octal escapes, each once, and keeps other bytes', () => {
    const [mount] = parseMounts(
      '1 0 8:1 /a\\040b /tab\\011nl\\012bs\\134hash\\043\\134040\xff\\777x rw - cifs //host/My\\040Files rw',
    )
    expect(mount!.root).toBe('/a b')
    expect(mount!.mountPoint).toBe('/tab\tnl\nbs\\hash#\\040\xff\u01ffx')
    expect(mount!.source).toBe('//host/My Files')
  })

  it('takes an empty source, and leaves out what is no mount', () => {
    expect(parseMounts('1 0 0:5 / /m rw - tmpfs  rw')[0]).toMatchObject({ type: 'tmpfs', source: '' })
    expect(parseMounts('nonsense\n1 0 0:5 / /m rw no dash\n')).toEqual([])
  })
})

describe('mountOf and mountsBelow', () => {
  const mounts = parseMounts(
    [line(1, 0, '/'), line(2, 1, '/home'), line(3, 2, '/home/me/nfs', 'nfs4'), line(4, 1, '/homes')].join(
      '\n',
    ),
  )

  it('find the mount in which a path lies, and those below it', () => {
    expect(
      ['/', '/etc', '/home', '/home/me', '/home/me/nfs/x', '/homes', '/home2'].map((path) =>
        at(mounts, path),
      ),
    ).toEqual([1, 1, 2, 2, 3, 4, 1])
    expect(below(mounts, '/')).toEqual([2, 3, 4])
    expect(below(mounts, '/home')).toEqual([3])
    expect(below(mounts, '/home/me/nfs')).toEqual([])
    expect(at([], '/')).toBeUndefined()
    expect(below([], '/')).toEqual([])
  })

  it('of several on one place the last one counts, and what it covers does not', () => {
    const covered = parseMounts(
      [
        line(1, 0, '/'),
        line(2, 1, '/m'),
        line(3, 2, '/m/below'),
        line(4, 2, '/m', 'tmpfs'),
        line(5, 4, '/m/new'),
        line(6, 1, '/m/hidden'),
      ].join('\n'),
    )
    expect(at(covered, '/m')).toBe(4)
    expect(at(covered, '/m/below')).toBe(4)
    expect(below(covered, '/')).toEqual([4, 5])
  })

  it('do with a listing without the mount of /, and with one that leads back to itself', () => {
    expect(at(parseMounts(line(5, 9, '/')), '/a')).toBe(5)
    expect(at(parseMounts(line(5, 9, '/jail')), '/jail')).toBeUndefined()
    const circle = parseMounts(
      [line(1, 0, '/'), line(2, 2, '/a'), line(3, 1, '/a'), line(1, 3, '/a')].join('\n'),
    )
    expect(typeof at(circle, '/a')).toBe('number')
  })
})

describe('readMounts', () => {
  it('tells where this file lies', () => {
    const here = realpathSync(process.cwd())
    const mount = mountOf(here, readMounts())!
    expect(here.startsWith(mount.mountPoint)).toBe(true)
    expect(mount.type).not.toBe('')
  })

  itWith([mounting], 'sees a mount with an odd name, and what covers it', async () => {
    await withDirectory(async (directory) => {
      const odd = join(directory, 'a b\tc\\d\ne#ö')
      const raw = Buffer.from(odd).toString('latin1')
      mkdirSync(odd)
      execFileSync('mount', ['-t', 'tmpfs', 'first', odd])
      try {
        mkdirSync(join(odd, 'below'))
        execFileSync('mount', ['-t', 'tmpfs', 'below', join(odd, 'below')])
        expect(mountsBelow(directory, readMounts()).map(({ source }) => source)).toEqual(['first', 'below'])
        execFileSync('mount', ['-t', 'tmpfs', 'second', odd])
        const [mount, ...rest] = mountsBelow(directory, readMounts())
        expect(mount).toMatchObject({ mountPoint: raw, type: 'tmpfs', source: 'second' })
        expect(rest).toEqual([])
        const { dev } = statSync(odd)
        expect(mount!.device).toBe(`${(dev >> 8) & 0xfff}:${dev & 0xff}`)
        execFileSync('umount', [odd])
      } finally {
        execFileSync('umount', ['-R', odd])
      }
      await Promise.resolve()
    })
  })
})
