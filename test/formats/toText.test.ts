import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { eventTypes, type ProcessDetails } from '../../src/events/index.js'
import { toText } from '../../src/formats/index.js'
import { hostileNames } from '../../src/testing/hostileNames.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

// Made without a zone, so that it is the same local time wherever the test runs.
const noon = new Date(2026, 0, 31, 9, 5, 0, 123).getTime() * 1000
const time = '2026-01-31 09:05:00.123'

const process: ProcessDetails = {
  pid: 42,
  ppid: 1,
  name: 'vim',
  exePath: null,
  cmdline: null,
  cwd: null,
  uid: null,
  gid: null,
  username: null,
  state: null,
  startTime: null,
  resolution: 'live',
}

function line(description: string, changes: object = {}): string {
  return toText(fileEvent(description, { timestampMicros: noon, ...changes }))
}

describe('toText', () => {
  it('is one aligned line: local time, type, flags, path', () => {
    expect(line('CREATE /tree/name')).toBe(`${time}  CREATE         ---  /tree/name\n`)
    expect(line('CLOSE_NOWRITE /tree/')).toBe(`${time}  CLOSE_NOWRITE  d--  /tree\n`)
    expect(line('CREATE /tree/d/', { synthetic: true, merged: true })).toBe(
      `${time}  CREATE         dsm  /tree/d\n`,
    )
  })

  it('shows a rename as old -> new', () => {
    expect(line('RENAME /tree/old -> /tree/new')).toBe(
      `${time}  RENAME         ---  /tree/old -> /tree/new\n`,
    )
  })

  it('shows who did it, and that it is inferred where it is', () => {
    expect(line('MODIFY /a', { processDetails: process })).toMatch(/ {2}\/a {2}vim\(42\)\n$/)
    const inferred = { ...process, name: null, resolution: 'open-files' as const }
    expect(line('MODIFY /a', { processDetails: inferred })).toMatch(/ {2}\/a {2}\(42\)\?\n$/)
    expect(line('MODIFY /a', { processDetails: null, processUnknown: 'gone' })).toMatch(/ {2}\/a\n$/)
  })

  it('shows the message of an event about the stream, and its path where it has one', () => {
    const controlDetails = { code: 'FSFLOW_PERMISSION', message: 'cannot read\nit' }
    expect(line('WARNING', { controlDetails })).toBe(`${time}  WARNING        ---  cannot read\\nit\n`)
    expect(line('WARNING /secret', { controlDetails })).toBe(
      `${time}  WARNING        ---  /secret: cannot read\\nit\n`,
    )
    const unmounted = { code: 'FSFLOW_UNMOUNT', message: 'the filesystem at /mnt was unmounted' }
    expect(line('UNMOUNT /mnt', { controlDetails: unmounted })).toBe(
      `${time}  UNMOUNT        ---  the filesystem at /mnt was unmounted\n`,
    )
    expect(line('MONITOR_STOP')).toBe(`${time}  MONITOR_STOP   ---\n`)
  })

  it('keeps spaces at the end of a name', () => {
    expect(line('CREATE /tree/name  ')).toBe(`${time}  CREATE         ---  /tree/name  \n`)
  })

  it('escapes names, also the old one and that of the process', () => {
    const changes = { processDetails: { ...process, name: 'a\u001bb' } }
    expect(line('RENAME /a\u001b[2J -> /b\nc', changes)).toBe(
      `${time}  RENAME         ---  /a\\x1B[2J -> /b\\nc  a\\x1Bb(42)\n`,
    )
  })

  it('shows the bytes of a name that is not UTF-8, also of an old one', () => {
    const bytes = Uint8Array.of(0x2f, 0xff)
    expect(line('CREATE /\ufffd', { filePathBytes: bytes })).toMatch(/ {2}\/\\xFF\n$/)
    expect(line('RENAME /\ufffd -> /b', { oldPathBytes: bytes })).toMatch(/ {2}\/\\xFF -> \/b\n$/)
  })

  it('is one line without anything that steers a terminal, whatever the event', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        expect(toText(event)).toMatch(/^[^\n]+\n$/)
        expect(toText(event).slice(0, -1)).not.toMatch(/\p{Control}|\p{Bidi_Control}/u)
      }),
    )
    for (const name of hostileNames.filter((name) => typeof name === 'string')) {
      expect(toText(fileEvent({ filePath: `/${name}` })).slice(0, -1)).not.toMatch(
        /\p{Control}|\p{Bidi_Control}/u,
      )
    }
  })

  it.each(eventTypes)('colours %s, and only when asked', (eventType) => {
    const event = fileEvent({ eventType, filePath: '/a' })
    const colored = toText(event, { color: true })
    // eslint-disable-next-line no-control-regex
    expect(colored).toMatch(/^[^\u001b]+\u001b\[[0-9;]+m[A-Z_]+ *\u001b\[0m[^\u001b]+$/)
    // eslint-disable-next-line no-control-regex
    expect(colored.replaceAll(/\u001b\[[0-9;]*m/g, '')).toBe(toText(event, { color: false }))
  })

  it('shows each second as it is, in whatever order they come', () => {
    const times = [noon, noon + 1_000_000, noon - 124_000, noon].map((timestampMicros) =>
      toText(fileEvent('CREATE /a', { timestampMicros })).slice(11, 23),
    )
    expect(times).toEqual(['09:05:00.123', '09:05:01.123', '09:04:59.999', '09:05:00.123'])
  })

  it.each([[{ colour: true }], [{ color: 'auto' }]])('refuses %j', (options) => {
    expect(() => toText(fileEvent('CREATE /a'), options as object)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION' }),
    )
  })
})
