import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeInotify } from '../../src/linux/decodeInotify.js'
import type { InotifyRecord } from '../../src/linux/InotifyBinding.js'
import { IN } from '../../src/linux/inotifyMasks.js'

/** As inotify(7) lays records out: the name is padded with NULs to a multiple of 16 bytes, at least one NUL. */
function encode(records: readonly InotifyRecord[]): Uint8Array {
  const chunks = records.map(({ wd, mask, cookie, name }) => {
    const length = name === '' ? 0 : Math.ceil((name.length + 1) / 16) * 16
    const chunk = Buffer.alloc(16 + length)
    chunk.writeInt32LE(wd, 0)
    chunk.writeUInt32LE(mask, 4)
    chunk.writeUInt32LE(cookie, 8)
    chunk.writeUInt32LE(length, 12)
    chunk.write(name, 16, 'latin1')
    return chunk
  })
  return new Uint8Array(Buffer.concat(chunks))
}

const arbitraryName = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 255 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))

const arbitraryRecord = fc.record({
  wd: fc.integer({ min: -1, max: 0x7fffffff }),
  mask: fc.integer({ min: 0, max: 0x7fffffff }),
  cookie: fc.integer({ min: 0, max: 0xffffffff }),
  name: arbitraryName,
})

describe('decodeInotify', () => {
  it('reads what the kernel wrote', () => {
    const buffer = encode([
      { wd: 1, mask: IN.CREATE | IN.ISDIR, cookie: 0, name: 'dir' },
      { wd: 2, mask: IN.MOVED_FROM, cookie: 0xfffffffe, name: 'n'.repeat(255) },
      { wd: -1, mask: IN.Q_OVERFLOW, cookie: 0, name: '' },
      { wd: 3, mask: IN.IGNORED, cookie: 0, name: '' },
    ])
    expect(decodeInotify(buffer)).toEqual([
      { wd: 1, mask: 0x40000100, cookie: 0, name: 'dir' },
      { wd: 2, mask: 0x40, cookie: 4294967294, name: 'n'.repeat(255) },
      { wd: -1, mask: 0x4000, cookie: 0, name: '' },
      { wd: 3, mask: 0x8000, cookie: 0, name: '' },
    ])
  })

  it('reads nothing from nothing', () => {
    expect(decodeInotify(new Uint8Array(0))).toEqual([])
  })

  it('keeps every byte of a name, also where the padding is one NUL or sixteen', () => {
    for (const length of [1, 14, 15, 16, 31, 32, 255]) {
      const name = '\xff'.repeat(length - 1) + '\x80'
      expect(decodeInotify(encode([{ wd: 1, mask: IN.CREATE, cookie: 0, name }]))[0]!.name).toBe(name)
    }
  })

  it('tells names apart that begin alike, and those that come again', () => {
    const stem = 'n'.repeat(16)
    const names = ['', 'a', 'a', 'ab', stem, stem, `${stem}a`, `${stem}b`, 'a', '', 'a', stem.slice(1)]
    const records = names.map((name, i) => ({ wd: i + 1, mask: IN.OPEN, cookie: 0, name }))
    expect(decodeInotify(encode(records))).toEqual(records)
  })

  it('reads back whatever records were written', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRecord, { maxLength: 30 }), (records) => {
        expect(decodeInotify(encode(records))).toEqual(records)
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
