import { describe, expect, it } from '@jest/globals'
import type { Turn } from '../../src/linux/drainProtocol.js'
import { SHARED_BYTES, TurnSlot } from '../../src/linux/TurnSlot.js'

const turn = (text: string, readAt = 1): Turn => ({
  kind: 'turn',
  bytes: new Uint8Array(Buffer.from(text)),
  readAt,
  feeds: undefined,
})

describe('TurnSlot', () => {
  it('holds one turn until it is free, for whoever shares the memory', () => {
    const shared = new SharedArrayBuffer(SHARED_BYTES)
    const [writer, reader] = [new TurnSlot(shared), new TurnSlot(shared)]
    expect(writer.put(turn('one', 1.5e15))).toBe(true)
    expect([Buffer.from(reader.bytes.subarray(0, 3)).toString(), reader.readAt]).toEqual(['one', 1.5e15])
    expect(writer.put(turn('two'))).toBe(false)
    expect(Buffer.from(reader.bytes.subarray(0, 3)).toString()).toBe('one')
    reader.free()
    expect(writer.put(turn('two'))).toBe(true)
  })

  it('takes neither a large turn nor one with feeds', () => {
    const slot = new TurnSlot(new SharedArrayBuffer(SHARED_BYTES))
    expect(slot.put(turn('x'.repeat(slot.bytes.length + 1)))).toBe(false)
    const feed = { feed: 0, buffer: new ArrayBuffer(1), errno: 0, execs: [] }
    expect(slot.put({ ...turn('x'), feeds: [feed] })).toBe(false)
    expect(slot.put(turn('x'.repeat(slot.bytes.length)))).toBe(true)
  })
})
