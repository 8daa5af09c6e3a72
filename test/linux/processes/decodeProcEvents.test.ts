import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeProcEvents } from '../../../src/linux/processes/decodeProcEvents.js'

const what = { none: 0, fork: 1, exec: 2, uid: 4, gid: 0x40, sid: 0x80, comm: 0x200, exit: 0x8000_0000 }

/** A message as the kernel writes it: nlmsghdr, cn_msg, proc_event, and its data. */
function message(kind: keyof typeof what, data: readonly number[] | Buffer, ack = 0): Buffer {
  const body = Buffer.isBuffer(data) ? data : Buffer.from(new Uint32Array(data).buffer)
  const buffer = Buffer.alloc(Math.max(52 + body.length, 76))
  buffer.writeUInt32LE(buffer.length, 0)
  buffer.writeUInt32LE(1, 16)
  buffer.writeUInt32LE(1, 20)
  buffer.writeUInt32LE(ack, 28)
  buffer.writeUInt32LE(what[kind], 36)
  buffer.writeBigUInt64LE(5_000_000_250_000n, 44)
  body.copy(buffer, 52)
  return buffer
}

const decode = (...messages: Buffer[]) => decodeProcEvents(new Uint8Array(Buffer.concat(messages)).buffer)
const at = 5_000_000.25

describe('decodeProcEvents', () => {
  it('reads messages that lie one behind the other', () => {
    const comm = Buffer.alloc(24)
    comm.writeUInt32LE(7, 0)
    comm.writeUInt32LE(7, 4)
    comm.write('npm install', 8)
    expect(
      decode(
        message('fork', [1, 2, 7, 7]),
        message('exec', [7, 7]),
        message('uid', [7, 7, 1000, 1001]),
        message('gid', [7, 7, 2000, 2001]),
        message('comm', comm),
        message('exit', [7, 7, 0, 17, 2, 2]),
        message('none', [0], 42),
      ),
    ).toEqual([
      { kind: 'fork', at, pid: 7, parent: 2 },
      { kind: 'exec', at, pid: 7 },
      { kind: 'uid', at, pid: 7, effective: 1001 },
      { kind: 'gid', at, pid: 7, effective: 2001 },
      { kind: 'comm', at, pid: 7, name: 'npm install' },
      { kind: 'exit', at, pid: 7, parent: 2 },
      { kind: 'answer', at, errno: 0, ack: 42 },
    ])
  })

  it('leaves out threads, but not an exec by one of them', () => {
    const comm = Buffer.alloc(24)
    comm.writeUInt32LE(8, 0)
    comm.writeUInt32LE(7, 4)
    const ofThreads = [
      message('fork', [2, 2, 8, 7]),
      message('uid', [8, 7, 1, 1]),
      message('gid', [8, 7, 1, 1]),
      message('comm', comm),
      message('exit', [8, 7, 0, 17, 2, 2]),
    ]
    expect(decode(...ofThreads)).toEqual([])
    expect(decode(message('exec', [8, 7]))).toEqual([{ kind: 'exec', at, pid: 7 }])
  })

  it('leaves out what it does not know, and what is not of the proc connector', () => {
    const other = message('exec', [7, 7])
    other.writeUInt32LE(2, 16)
    expect(decode(message('sid', [7, 7]), other, message('exec', [9, 9]))).toEqual([
      { kind: 'exec', at, pid: 9 },
    ])
  })

  it('does not know the parent of an exit where the kernel does not tell', () => {
    const short = message('exit', [7, 7, 0, 17]).subarray(0, 68)
    short.writeUInt32LE(68, 0)
    expect(decode(short)).toEqual([{ kind: 'exit', at, pid: 7, parent: null }])
  })

  it('takes a name of 16 bytes whole', () => {
    const comm = Buffer.alloc(24, 'x')
    comm.writeUInt32LE(7, 0)
    comm.writeUInt32LE(7, 4)
    expect(decode(message('comm', comm))).toEqual([{ kind: 'comm', at, pid: 7, name: 'x'.repeat(16) }])
  })

  it('ends on any buffer, and reads nothing behind its end', () => {
    const whole = fc.constantFrom(
      message('fork', [1, 2, 7, 7]),
      message('exec', [7, 7]),
      message('exit', [7, 7, 0, 17, 2, 2]),
    )
    const part = fc.oneof(fc.uint8Array({ maxLength: 120 }), whole)
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.nat(200), (parts, cut) => {
        const bytes = Buffer.concat(parts)
        const buffer = new Uint8Array(bytes.subarray(0, Math.max(0, bytes.length - cut))).buffer
        const events = decodeProcEvents(buffer)
        expect(events.length).toBeLessThanOrEqual(buffer.byteLength / 52)
      }),
    )
  })

  it('tells the whole messages before one that is cut short', () => {
    const first = message('exec', [7, 7])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 75 }), (length) => {
        expect(decode(first, message('exec', [8, 8]).subarray(0, length))).toEqual([
          { kind: 'exec', at, pid: 7 },
        ])
      }),
    )
  })

  it('does not go on behind a length that cannot be', () => {
    for (const length of [0, 4, 51, 0xffff_ffff]) {
      const bad = message('exec', [8, 8])
      bad.writeUInt32LE(length, 0)
      expect(decode(message('exec', [7, 7]), bad, message('exec', [9, 9]))).toEqual([
        { kind: 'exec', at, pid: 7 },
      ])
    }
  })
})
