import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { directoryPort } from '../../src/linux/directoryPort.js'
import { listByNode } from '../../src/linux/nodeInotify.js'
import { withDirectory } from '../helpers/withDirectory.js'

const { ENOENT, ENOTDIR } = constants.errno

describe.each([
  ['directoryPort', directoryPort().list],
  ['listByNode', listByNode],
])('%s', (_, list) => {
  it('lists names as bytes with their types', async () => {
    await withDirectory(async (root) => {
      mkdirSync(join(root, 'd'))
      symlinkSync('d', join(root, 'l'))
      writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff)]), '')
      const entries = list(Buffer.from(root).toString('latin1')) as { name: string; type: string }[]
      expect(entries.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
        'd directory',
        'l symlink',
        '\xff file',
      ])
      expect(list(`${root}/none`)).toBe(-ENOENT)
      expect(list(`${root}/l`)).toBeLessThan(0)
      expect(list(`${root}/l/.`)).toEqual([])
      expect(list(`${root}/\xff`)).toBe(-ENOTDIR)
      await Promise.resolve()
    })
  })
})

describe('directoryPort', () => {
  it('identifies without following, also by paths that are too long for the kernel', async () => {
    await withDirectory(async (root) => {
      const { identify } = directoryPort()
      symlinkSync('nowhere', join(root, 'l'))
      expect(identify(`${root}/l`)).toMatchObject({ type: 'symlink' })
      expect(identify(`${root}/none`)).toBe(-ENOENT)
      expect(identify(`${root}${'/.'.repeat(3000)}/l`)).toMatchObject({ type: 'symlink' })
      await Promise.resolve()
    })
  })
})
