import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeFanotify } from '../../../src/linux/fanotify/decodeFanotify.js'
import { FAN } from '../../../src/linux/fanotify/fanotifyMasks.js'

const INFO = { FID: 1, DFID_NAME: 2, DFID: 3, PIDFD: 4, OLD_DFID_NAME: 10, NEW_DFID_NAME: 12 }

/** A file's identity as it stands in an info record: fsid, handle_bytes, handle_type, f_handle. */
function key(fsid: string, handle: string): string {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(handle.length, 0)
  header.writeInt32LE(1, 4)
  return fsid + header.toString('latin1') + handle
}

function info(type: number, fileKey: string, name?: string): Buffer {
  const body = Buffer.from(fileKey + (name === undefined ? '' : `${name}\0`), 'latin1')
  const padded = Buffer.alloc(Math.ceil((body.length + 4) / 4) * 4)
  padded.writeUInt8(type, 0)
  padded.writeUInt16LE(padded.length, 2)
  body.copy(padded, 4)
  return padded
}

function event(mask: number, pid: number, infos: readonly Buffer[]): Buffer {
  const metadata = Buffer.alloc(24)
  const length = infos.reduce((sum, each) => sum + each.length, 24)
  metadata.writeUInt32LE(length, 0)
  metadata.writeUInt8(3, 4)
  metadata.writeUInt16LE(24, 6)
  metadata.writeUInt32LE(mask, 8)
  metadata.writeInt32LE(-1, 16)
  metadata.writeInt32LE(pid, 20)
  return Buffer.concat([metadata, ...infos])
}

/** Exactly these bytes, with nothing behind them. */
function exact(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer)
}

const directory = key('fsid-no1', 'directory')
const other = key('fsid-no1', 'other-dir')
const target = key('fsid-no1', 'target')

const create = event(FAN.CREATE, 77, [info(INFO.DFID_NAME, directory, 'na\xffme'), info(INFO.FID, target)])
const rename = event((FAN.RENAME | FAN.ONDIR) >>> 0, 78, [
  info(INFO.OLD_DFID_NAME, directory, 'old'),
  info(INFO.NEW_DFID_NAME, other, 'new'),
  info(INFO.FID, target),
])
const nameless = event(FAN.ATTRIB, 79, [info(INFO.FID, target)])
const none = { directory: '', name: '', oldDirectory: '', oldName: '', target: '', fence: 0 }

describe('decodeFanotify', () => {
  it('reads handles, names, process and bits', () => {
    const { records, dropped } = decodeFanotify(exact(Buffer.concat([create, rename, nameless])))
    expect(dropped).toBe(0)
    expect(records).toEqual([
      { ...none, mask: FAN.CREATE, pid: 77, directory, name: 'na\xffme', target },
      {
        ...none,
        mask: (FAN.RENAME | FAN.ONDIR) >>> 0,
        pid: 78,
        directory: other,
        name: 'new',
        oldDirectory: directory,
        oldName: 'old',
        target,
      },
      { ...none, mask: FAN.ATTRIB, pid: 79, target },
    ])
  })

  it('passes over info records that it does not know, and reads an overflow without any', () => {
    const pidfd = Buffer.from([INFO.PIDFD, 0, 8, 0, 9, 0, 0, 0])
    const plain = event(FAN.Q_OVERFLOW, 0, [])
    const withPidfd = event(FAN.MODIFY, 5, [info(INFO.DFID, directory), pidfd, info(INFO.FID, target)])
    expect(decodeFanotify(exact(Buffer.concat([plain, withPidfd]))).records).toEqual([
      { ...none, mask: FAN.Q_OVERFLOW, pid: 0 },
      { ...none, mask: FAN.MODIFY, pid: 5, directory, target },
    ])
  })

  it('counts what it cannot read, and goes on behind it', () => {
    const unknownVersion = Buffer.from(create)
    unknownVersion.writeUInt8(4, 4)
    const longHandle = Buffer.from(create)
    longHandle.writeUInt32LE(0xfffffff0, 24 + 12)
    const endlessInfo = Buffer.from(create)
    endlessInfo.writeUInt16LE(0, 24 + 2)
    const nameWithoutEnd = event(FAN.CREATE, 1, [
      info(INFO.DFID_NAME, directory, 'abc').fill(0x61, 4 + directory.length),
    ])
    const broken = [unknownVersion, longHandle, endlessInfo, nameWithoutEnd]
    const { records, dropped } = decodeFanotify(exact(Buffer.concat([...broken, rename])))
    expect(records).toMatchObject([{ name: 'new' }])
    expect(dropped).toBe(broken.reduce((sum, each) => sum + each.length, 0))
  })

  it('gives up where a length cannot be, since the next record cannot be found', () => {
    for (const length of [0, 23, create.length + rename.length + 1, 0xffffffff]) {
      const lying = Buffer.from(create)
      lying.writeUInt32LE(length, 0)
      expect(decodeFanotify(exact(Buffer.concat([lying, rename])))).toEqual({
        records: [],
        dropped: lying.length + rename.length,
      })
    }
  })

  it('reads the whole records of a buffer that is cut off anywhere', () => {
    const whole = Buffer.concat([create, rename, nameless])
    const ends = [create.length, create.length + rename.length, whole.length]
    for (let length = 0; length <= whole.length; length++) {
      const { records, dropped } = decodeFanotify(exact(whole.subarray(0, length)))
      const complete = ends.filter((end) => end <= length)
      expect([length, records.length]).toEqual([length, complete.length])
      expect(dropped).toBe(length - (complete.at(-1) ?? 0))
    }
  })

  it('never fails, loops or reads beyond the end, whatever the buffer holds', () => {
    const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
    const damaged = fc
      .tuple(fc.nat(1000), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }))
      .map(([cut, changes]) => {
        const buffer = Buffer.concat([create, rename, nameless, create])
        for (const [at, byte] of changes) buffer[at % buffer.length] = byte
        return buffer.subarray(0, cut % (buffer.length + 1))
      })
    fc.assert(
      fc.property(fc.oneof(noise, damaged), (buffer) => {
        const { records, dropped } = decodeFanotify(exact(buffer))
        const length = buffer.length
        expect(dropped).toBeLessThanOrEqual(length)
        // Each record takes its metadata at least: so they cannot be more, nor their texts longer.
        expect(records.length * 24).toBeLessThanOrEqual(length - dropped)
        const text = records.reduce(
          (sum, each) => sum + each.name.length + each.oldName.length + each.directory.length,
          0,
        )
        expect(text).toBeLessThanOrEqual(length - dropped)
      }),
      { numRuns: 3000 },
    )
  })
})
