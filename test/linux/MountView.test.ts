import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { MountView } from '../../src/linux/MountView.js'
import { itWith, mounting } from '../helpers/requires.js'
import { withDirectory } from '../helpers/withDirectory.js'

const mountAt = (path: string): void => void execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path])
const unmount = (path: string): void => void execFileSync('umount', ['-l', path])
const deviceOf = (path: string): number => statSync(path).dev

/** Directories in which something may be mounted; what is left of that is unmounted. */
function withDirectories(names: readonly string[], use: (top: string) => void): Promise<void> {
  return withDirectory((top) => {
    for (const name of names) mkdirSync(join(top, name), { recursive: true })
    mountAt(top)
    try {
      for (const name of names) mkdirSync(join(top, name), { recursive: true })
      use(top)
    } finally {
      unmount(top)
    }
  })
}

/** A view that has accepted what is mounted now. */
function accepted(...roots: string[]): MountView {
  const view = new MountView()
  view.places(roots)
  view.accept()
  return view
}

describe('MountView', () => {
  it('names each root, as it was given', () =>
    withDirectory((top) => {
      mkdirSync(join(top, 'a'))
      symlinkSync('a', join(top, 'link'))
      const roots = [join(top, 'a'), join(top, 'link'), join(top, 'missing')]
      expect(new MountView().places(roots)).toEqual(
        roots.map((root) => ({ root, below: '', unmounted: undefined })),
      )
      expect(new MountView().places([])).toEqual([])
    }))

  it('names what is mounted below / without a slash in front', () => {
    const below = new MountView().places(['/']).map((place) => place.below)
    expect(below).toContain('proc')
    expect(below.filter((path) => path.startsWith('/'))).toEqual([])
  })

  itWith([mounting], 'names each mount point below a root, by the raw path from there', () =>
    withDirectories(['a/ö', 'a/b', 'aside'], (top) => {
      symlinkSync('a', join(top, 'link'))
      for (const name of ['a/ö', 'aside']) mountAt(join(top, name))
      mkdirSync(join(top, 'a/ö/in'))
      mountAt(join(top, 'a/ö/in'))
      const raw = Buffer.from('ö').toString('latin1')
      const belowOf = (root: string): string[] =>
        new MountView()
          .places([join(top, root)])
          .map(({ below }) => below)
          .sort()
      expect(belowOf('a')).toEqual(['', raw, `${raw}/in`])
      expect(belowOf('link')).toEqual(['', raw, `${raw}/in`])
      expect(belowOf('a/b')).toEqual([''])
      expect(belowOf(`a/${raw}`)).toEqual(['', 'in'])
    }),
  )

  itWith([mounting], 'knows the device of what was mounted, until that it is gone has been accepted', () =>
    withDirectories(['a/m'], (top) => {
      const root = join(top, 'a')
      const m = join(root, 'm')
      mountAt(m)
      const device = deviceOf(m)
      const view = accepted(root)
      unmount(m)
      const gone = [
        { root, below: '', unmounted: undefined },
        { root, below: 'm', unmounted: device },
      ]
      expect(view.places([root])).toEqual(gone)
      expect(view.places([root])).toEqual(gone)
      view.accept()
      expect(view.places([root])).toEqual([{ root, below: '', unmounted: undefined }])
    }),
  )

  itWith([mounting], 'says nothing is gone where something was mounted, or mounted over', () =>
    withDirectories(['a/m', 'a/n'], (top) => {
      const root = join(top, 'a')
      mountAt(join(root, 'm'))
      const view = accepted(root)
      mountAt(join(root, 'm'))
      mountAt(join(root, 'n'))
      const places = view.places([root])
      expect(places.map(({ below }) => below).sort()).toEqual(['', 'm', 'n'])
      expect(places.filter(({ unmounted }) => unmounted !== undefined)).toEqual([])
      unmount(join(root, 'm'))
    }),
  )

  // The kernel gives a mount the numbers of one that is gone.
  itWith([mounting], 'takes a mount that looks the same for one that may be another', () =>
    withDirectories(['a/m'], (top) => {
      const root = join(top, 'a')
      mountAt(join(root, 'm'))
      const device = deviceOf(join(root, 'm'))
      expect(accepted(root).places([root])).toContainEqual({ root, below: 'm', unmounted: device })
    }),
  )

  itWith([mounting], 'says of a root in a mount that is gone of which device it was', () =>
    withDirectories(['m'], (top) => {
      mountAt(join(top, 'm'))
      const root = join(top, 'm/r')
      mkdirSync(root)
      const device = deviceOf(root)
      const view = accepted(root)
      expect(view.places([root])).toEqual([{ root, below: '', unmounted: undefined }])
      unmount(join(top, 'm'))
      expect(view.places([root])).toEqual([{ root, below: '', unmounted: device }])
    }),
  )
})
