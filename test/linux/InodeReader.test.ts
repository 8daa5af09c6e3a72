import * as fs from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { InodeReader } from '../../src/linux/InodeReader.js'
import { rawFromText } from '../../src/linux/rawPath.js'
import { withDirectory } from '../helpers/withDirectory.js'

const { EBADF, ENOENT } = constants.errno

/** What node:fs says of the same. */
function expected(path: fs.PathLike): { dev: number; ino: number; bornAt: number } {
  const { dev, ino, birthtimeNs } = fs.statSync(path, { bigint: true })
  return { dev: Number(dev), ino: Number(ino), bornAt: Number(birthtimeNs / 1000n) }
}

describe('InodeReader', () => {
  it('tells of a descriptor what node:fs tells of its path, and not of the one before', () =>
    withDirectory((directory) => {
      const reader = new InodeReader()
      const files = ['a', 'b'].map((name) => join(directory, name))
      for (const file of [directory, ...files]) {
        if (file !== directory) fs.writeFileSync(file, '')
        const fd = fs.openSync(file, 'r')
        try {
          expect(reader.of(fd)).toEqual(expected(file))
        } finally {
          fs.closeSync(fd)
        }
      }
    }))

  it('follows the links of a path, whatever bytes are in it', () =>
    withDirectory((directory) => {
      const raw = `${rawFromText(directory)}/\xff`
      const bytes = Buffer.from(raw, 'latin1')
      fs.writeFileSync(bytes, '')
      fs.symlinkSync(bytes, join(directory, 'link'))
      const reader = new InodeReader()
      expect(reader.ofPath(raw)).toEqual(expected(bytes))
      expect(reader.ofPath(rawFromText(join(directory, 'link')))).toEqual(expected(bytes))
    }))

  it('has the number of the device as stat has it, on any filesystem', () => {
    const reader = new InodeReader()
    for (const path of ['/', '/proc', '/dev', '/dev/shm', '/sys'].filter((one) => fs.existsSync(one)))
      expect([path, reader.ofPath(path)]).toMatchObject([path, { dev: fs.statSync(path).dev }])
  })

  it('has no time of birth where the filesystem keeps none', () => {
    expect(new InodeReader().ofPath('/proc/self/status')).toMatchObject({ bornAt: 0 })
  })

  it('gives the errno', () => {
    const reader = new InodeReader()
    expect([reader.of(-1), reader.ofPath('/nowhere/at/all'), reader.versionOf('/nowhere/at/all')]).toEqual([
      -EBADF,
      -ENOENT,
      -ENOENT,
    ])
  })

  it('has another version of a file after each change of it, and of each other file', () =>
    withDirectory((directory) => {
      const reader = new InodeReader()
      const file = join(directory, 'file')
      fs.writeFileSync(file, '')
      fs.symlinkSync('file', join(directory, 'link'))
      const first = reader.versionOf(file)
      expect([reader.versionOf(file), reader.versionOf(join(directory, 'link'))]).toEqual([first, first])
      // The clock of the kernel may stand still for some milliseconds.
      const later = fs.statSync(file, { bigint: true }).ctimeNs
      do fs.chmodSync(file, 0o600)
      while (fs.statSync(file, { bigint: true }).ctimeNs === later)
      const second = reader.versionOf(file)
      expect(second).not.toBe(first)
      fs.renameSync(file, join(directory, 'old'))
      fs.writeFileSync(file, '')
      expect(reader.versionOf(file)).not.toBe(second)
    }))
})
