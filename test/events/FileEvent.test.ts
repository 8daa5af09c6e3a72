import { describe, expect, it } from '@jest/globals'
import {
  FileEvent,
  oldPathKey,
  pathKey,
  type EventOrigin,
  type FileEventFields,
} from '../../src/events/index.js'

const fields: FileEventFields = {
  timestampMicros: 1_767_225_600_000_001,
  seq: 7,
  eventType: 'CREATE',
  filePath: '/tree/name',
  source: 'inotify',
}

const origin: EventOrigin = { resolve: (event) => event, follow: () => undefined }

describe('FileEvent', () => {
  it('has every field from the constructor on, in one order, whatever was given', () => {
    const plain = new FileEvent(fields)
    const full = new FileEvent({ merged: true, cookie: 1, ...fields, oldPath: '/old', processDetails: null })
    expect(Object.keys(full)).toEqual(Object.keys(plain))
    expect(plain).toMatchObject({ isDirectory: false, synthetic: false, merged: false, root: '' })
    expect(plain.cookie).toBeUndefined()
  })

  it('with() makes a changed copy and leaves the event as it was', () => {
    const event = new FileEvent({ ...fields, cookie: 3, root: '/tree', pid: 42, origin })
    const copy = event.with({ eventType: 'DELETE', cookie: undefined, seq: 8 })
    expect(copy).toBeInstanceOf(FileEvent)
    expect(copy).toEqual(new FileEvent({ ...fields, eventType: 'DELETE', seq: 8, root: '/tree', pid: 42 }))
    expect(copy.origin).toBe(origin)
    expect(event).toMatchObject({ eventType: 'CREATE', cookie: 3, seq: 7 })
  })

  it('with() can take the origin away', () => {
    expect(new FileEvent({ ...fields, origin }).with({ origin: undefined }).origin).toBeUndefined()
  })

  it('two events that say the same are equal, whatever their origin', () => {
    expect(new FileEvent({ ...fields, origin })).toEqual(new FileEvent(fields))
  })

  it('keeps its origin out of JSON', () => {
    expect(JSON.parse(JSON.stringify(new FileEvent({ ...fields, origin, pid: 5, root: '/tree' })))).toEqual({
      timestamp: '2026-01-01T00:00:00.000001Z',
      timestamp_unix: 1_767_225_600,
      seq: 7,
      event_type: 'CREATE',
      file_path: '/tree/name',
      is_directory: false,
      source: 'inotify',
    })
  })

  it('knows which types tell about the stream', () => {
    expect(new FileEvent({ ...fields, eventType: 'OVERFLOW' }).isControl).toBe(true)
    expect(new FileEvent(fields).isControl).toBe(false)
  })
})

describe('pathKey', () => {
  const named = (...bytes: number[]): FileEvent =>
    new FileEvent({ ...fields, filePath: '/\ufffd', filePathBytes: Uint8Array.of(0x2f, ...bytes) })

  it('is the path where that says it all', () => {
    expect(pathKey(new FileEvent(fields))).toBe('/tree/name')
  })

  it('differs for two names that show the same', () => {
    expect(named(0xff).filePath).toBe(named(0xfe).filePath)
    expect(pathKey(named(0xff))).not.toBe(pathKey(named(0xfe)))
  })

  it('differs from that of a valid name with the same characters', () => {
    expect(pathKey(named(0xe9))).not.toBe(pathKey(new FileEvent({ ...fields, filePath: '/\u00e9' })))
  })

  it('oldPathKey is the same for the old path', () => {
    const bytes = Uint8Array.of(0x2f, 0xff)
    const renamed = new FileEvent({ ...fields, oldPath: '/\ufffd', oldPathBytes: bytes })
    expect(oldPathKey(renamed)).toBe(pathKey(named(0xff)))
    expect(oldPathKey(new FileEvent({ ...fields, oldPath: '/old' }))).toBe('/old')
    expect(oldPathKey(new FileEvent(fields))).toBe('')
  })
})
