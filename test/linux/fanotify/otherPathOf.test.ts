import { describe, expect, it } from '@jest/globals'
import { otherPathOf } from '../../../src/linux/fanotify/otherPathOf.js'
import type { Mount } from '../../../src/linux/mounts.js'

const mount = (id: number, parent: number, device: string, root: string, mountPoint: string): Mount => ({
  id,
  parent,
  device,
  root,
  mountPoint,
  type: 'ext4',
  source: '',
})
const top = mount(1, 0, '8:1', '/', '/')
const all = (): boolean => true

describe('otherPathOf', () => {
  it('finds the directory that is bound to another place', () => {
    const bound = mount(2, 1, '8:1', '/srv/data', '/w/bound')
    expect(otherPathOf(bound, [top, bound], all)).toBe('/srv/data')
    expect(otherPathOf(bound, [top, bound], (path) => path.startsWith('/w/'))).toBeUndefined()
  })

  it('takes the first of two mounts of the same', () => {
    const first = mount(5, 1, '0:30', '/', '/w/first')
    const second = mount(7, 1, '0:30', '/', '/w/second')
    expect(otherPathOf(second, [top, second, first], all)).toBe('/w/first')
    expect(otherPathOf(first, [top, second, first], all)).toBeUndefined()
  })

  it('does not take a path that another mount covers, nor a directory whose name begins alike', () => {
    const bound = mount(2, 1, '8:1', '/srv/data', '/w/bound')
    const cover = mount(3, 1, '0:31', '/', '/srv')
    expect(otherPathOf(bound, [top, bound, cover], all)).toBeUndefined()
    const part = mount(4, 1, '8:2', '/a', '/w/a')
    const other = mount(6, 1, '8:2', '/ab', '/w/ab')
    expect(otherPathOf(other, [top, part, other], all)).toBeUndefined()
  })
})
