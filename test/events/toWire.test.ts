import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  eventTypes,
  FileEvent,
  formatTimestamp,
  parseTimestamp,
  toWire,
  type EventType,
  type FileEventFields,
} from '../../src/events/index.js'

const second = 1_767_225_600_000_000

describe('formatTimestamp', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [1, '1970-01-01T00:00:00.000001Z'],
    [second + 123456, '2026-01-01T00:00:00.123456Z'],
    [second + 999999, '2026-01-01T00:00:00.999999Z'],
    [second + 1000000, '2026-01-01T00:00:01.000000Z'],
    [-1, '1969-12-31T23:59:59.999999Z'],
    [Date.UTC(2024, 1, 29, 23, 59, 59) * 1000, '2024-02-29T23:59:59.000000Z'],
  ])('%d is %s', (micros, text) => {
    expect(formatTimestamp(micros)).toBe(text)
  })

  it('does not mix up the seconds when times come out of order', () => {
    for (const micros of [second, second + 1e6, second, second - 1, second + 999999]) {
      expect(parseTimestamp(formatTimestamp(micros))).toBe(micros)
    }
  })

  it('is the opposite of parseTimestamp', () => {
    const micros = fc.integer({ min: Date.UTC(0, 0) * 1000, max: Date.UTC(9999, 0) * 1000 })
    fc.assert(fc.property(micros, (value) => expect(parseTimestamp(formatTimestamp(value))).toBe(value)))
  })
})

const details: Readonly<Partial<Record<EventType, Partial<FileEventFields>>>> = {
  MODIFY: {
    merged: true,
    fileMetadata: {
      permissions: '-rw-r--r--',
      permissionsOctal: '0644',
      ownerUid: 1000,
      ownerGid: 1000,
      ownerName: 'ada',
      groupName: null,
      size: 12,
      modified: '2026-01-01T00:00:00.000Z',
      accessed: '2026-01-01T00:00:00.000Z',
      changed: '2026-01-01T00:00:00.000Z',
      created: null,
      inode: '18446744073709551615',
      hardLinks: 1,
      fileType: 'file',
    },
    operationDetails: { description: 'content changed', sizeChange: -3 },
    contentPreview: { before: 'a\n', after: null, diffSummary: '-1', truncated: false, binary: false },
  },
  CLOSE_WRITE: {
    processDetails: {
      pid: 42,
      ppid: 1,
      name: 'vim',
      exePath: '/usr/bin/vim',
      cmdline: ['vim', 'a b'],
      cwd: null,
      uid: 1000,
      gid: 1000,
      username: 'ada',
      state: 'S',
      startTime: '2026-01-01T00:00:00.000Z',
      cpuUsage: 0.5,
      memoryRss: 1,
      memoryVms: 2,
      numThreads: 1,
      openFiles: ['/tree/name'],
      environment: { HOME: '/home/ada', camelCase: 'as it is' },
      limits: { 'Max open files': { soft: '1024', hard: 'unlimited' } },
      ioStats: { readBytes: 1, writeBytes: 2, readSyscalls: 3, writeSyscalls: 4 },
      resolution: 'live',
    },
  },
  OPEN: { processDetails: null, processUnknown: 'inotify does not say who did it' },
  MOVED_FROM: { cookie: 9, batchId: 3, batchSize: 12 },
  MOVED_TO: {
    cookie: 9,
    filePath: '/tree/\ufffd',
    filePathBytes: Uint8Array.of(47, 116, 114, 101, 101, 47, 255),
  },
  CREATE: { isDirectory: true, synthetic: true },
  RENAME: { oldPath: '/tree/\ufffd', oldPathBytes: Uint8Array.of(47, 116, 114, 101, 101, 47, 254) },
  OVERFLOW: { filePath: '', controlDetails: { code: 'FSFLOW_KERNEL', message: 'events were lost' } },
  RECOVERED: {
    filePath: '',
    controlDetails: { code: 'FSFLOW_KERNEL', message: 'repaired', counts: { createdFiles: 2 } },
  },
  WARNING: { controlDetails: { code: 'FSFLOW_PERMISSION', message: 'cannot read', hint: 'chmod' } },
}

const head = '"timestamp":"2026-01-01T00:00:00.000001Z","timestamp_unix":1767225600,"seq":1'

function line(
  type: EventType,
  rest = ',"is_directory":false,"source":"inotify"',
  path = '/tree/name',
): string {
  return `{${head},"event_type":"${type}","file_path":"${path}"${rest}}`
}

// The form that consumers rely on. A change here is a change of the wire format.
const wireLines: Readonly<Record<EventType, string>> = {
  ACCESS: line('ACCESS'),
  MODIFY: line(
    'MODIFY',
    ',"is_directory":false,"source":"inotify","merged":true' +
      ',"file_metadata":{"permissions":"-rw-r--r--","permissions_octal":"0644","owner_uid":1000,"owner_gid":1000' +
      ',"owner_name":"ada","group_name":null,"size":12,"modified":"2026-01-01T00:00:00.000Z"' +
      ',"accessed":"2026-01-01T00:00:00.000Z","changed":"2026-01-01T00:00:00.000Z","created":null' +
      ',"inode":"18446744073709551615","hard_links":1,"file_type":"file"}' +
      ',"operation_details":{"description":"content changed","size_change":-3}' +
      ',"content_preview":{"before":"a\\n","after":null,"diff_summary":"-1","truncated":false,"binary":false}',
  ),
  ATTRIB: line('ATTRIB'),
  CLOSE_WRITE: line(
    'CLOSE_WRITE',
    ',"is_directory":false,"source":"inotify"' +
      ',"process_details":{"pid":42,"ppid":1,"name":"vim","exe_path":"/usr/bin/vim","cmdline":["vim","a b"]' +
      ',"cwd":null,"uid":1000,"gid":1000,"username":"ada","state":"S","start_time":"2026-01-01T00:00:00.000Z"' +
      ',"cpu_usage":0.5,"memory_rss":1,"memory_vms":2,"num_threads":1,"open_files":["/tree/name"]' +
      ',"environment":{"HOME":"/home/ada","camelCase":"as it is"}' +
      ',"limits":{"Max open files":{"soft":"1024","hard":"unlimited"}}' +
      ',"io_stats":{"read_bytes":1,"write_bytes":2,"read_syscalls":3,"write_syscalls":4},"resolution":"live"}',
  ),
  CLOSE_NOWRITE: line('CLOSE_NOWRITE'),
  OPEN: line(
    'OPEN',
    ',"is_directory":false,"source":"inotify","process_details":null' +
      ',"process_unknown":"inotify does not say who did it"',
  ),
  MOVED_FROM: line(
    'MOVED_FROM',
    ',"is_directory":false,"cookie":9,"source":"inotify","batch_id":3,"batch_size":12',
  ),
  MOVED_TO: line(
    'MOVED_TO',
    ',"file_path_bytes":"L3RyZWUv/w==","is_directory":false,"cookie":9,"source":"inotify"',
    '/tree/\ufffd',
  ),
  CREATE: line('CREATE', ',"is_directory":true,"source":"inotify","synthetic":true'),
  DELETE: line('DELETE'),
  DELETE_SELF: line('DELETE_SELF'),
  MOVE_SELF: line('MOVE_SELF'),
  OPEN_EXEC: line('OPEN_EXEC'),
  RENAME: line(
    'RENAME',
    ',"is_directory":false,"old_path":"/tree/\ufffd","old_path_bytes":"L3RyZWUv/g==","source":"inotify"',
  ),
  MONITOR_START: line('MONITOR_START'),
  MONITOR_STOP: line('MONITOR_STOP'),
  OVERFLOW: line(
    'OVERFLOW',
    ',"is_directory":false,"source":"inotify","control_details":{"code":"FSFLOW_KERNEL","message":"events were lost"}',
    '',
  ),
  RECOVERED: line(
    'RECOVERED',
    ',"is_directory":false,"source":"inotify"' +
      ',"control_details":{"code":"FSFLOW_KERNEL","message":"repaired","counts":{"createdFiles":2}}',
    '',
  ),
  UNMOUNT: line('UNMOUNT'),
  WARNING: line(
    'WARNING',
    ',"is_directory":false,"source":"inotify"' +
      ',"control_details":{"code":"FSFLOW_PERMISSION","message":"cannot read","hint":"chmod"}',
  ),
}

describe('toWire', () => {
  it.each(eventTypes)('%s has this form', (eventType) => {
    const event = new FileEvent({
      timestampMicros: second + 1,
      seq: 1,
      eventType,
      filePath: '/tree/name',
      source: 'inotify',
      ...details[eventType],
    })
    expect(JSON.stringify(toWire(event))).toBe(wireLines[eventType])
  })

  it('leaves pid, root and origin at home', () => {
    const event = new FileEvent({
      timestampMicros: second,
      seq: 1,
      eventType: 'OPEN',
      filePath: '/tree/name',
      source: 'fanotify',
      pid: 42,
      root: '/tree',
      origin: { resolve: (same) => same, follow: () => undefined },
    })
    expect(Object.keys(toWire(event))).toEqual([
      'timestamp',
      'timestamp_unix',
      'seq',
      'event_type',
      'file_path',
      'is_directory',
      'source',
    ])
  })

  it('reads raw bytes that are part of a greater buffer', () => {
    const whole = Buffer.from('xx/\xffyy', 'latin1')
    const event = new FileEvent({
      timestampMicros: second,
      seq: 1,
      eventType: 'OPEN',
      filePath: '/\ufffd',
      filePathBytes: new Uint8Array(whole.buffer, whole.byteOffset + 2, 2),
      source: 'inotify',
    })
    expect(toWire(event).file_path_bytes).toBe(Buffer.from([0x2f, 0xff]).toString('base64'))
  })
})
