import fc from 'fast-check'
import { eventTypes, FileEvent, type FileEventFields } from '../../src/events/index.js'
import { anyCharacter } from './anyCharacter.js'

const text = fc.string({ unit: anyCharacter })
const count = fc.maxSafeNat()
const micros = fc.integer({ min: Date.UTC(1900, 0) * 1000, max: Date.UTC(9999, 0) * 1000 })
const time = fc
  .date({ min: new Date(0), max: new Date(Date.UTC(9999, 0)), noInvalidDate: true })
  .map((date) => date.toISOString())
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null })
// Names that would be field names, or keys of Object.prototype, must come through as data.
const dataKey = fc.oneof(
  text.filter((key) => key !== '__proto__'),
  fc.constantFrom('camelCase', 'snake_case', 'constructor'),
)
const path = fc.string({ unit: anyCharacter, minLength: 1 }).map((name) => `/${name.replaceAll('\0', '')}`)
const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 })

const alwaysOfFile = {
  permissions: fc.constantFrom('-rw-r--r--', 'drwxrwxrwt', 'crwSr-sr-T'),
  permissionsOctal: fc.constantFrom('0644', '1777', '6755'),
  ownerUid: count,
  ownerGid: count,
  ownerName: orNull(text),
  groupName: orNull(text),
  size: count,
  modified: time,
  accessed: time,
  changed: time,
  created: orNull(time),
  inode: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String),
  hardLinks: count,
  fileType: fc.constantFrom(
    'file',
    'directory',
    'symlink',
    'fifo',
    'socket',
    'block_device',
    'character_device',
    'unknown',
  ),
} as const

const fileMetadata = fc.record(
  { ...alwaysOfFile, linkTarget: orNull(text) },
  { requiredKeys: Object.keys(alwaysOfFile) as (keyof typeof alwaysOfFile)[], noNullPrototype: true },
)

const alwaysOfProcess = {
  pid: count,
  ppid: orNull(count),
  name: orNull(text),
  exePath: orNull(text),
  cmdline: orNull(fc.array(text)),
  cwd: orNull(text),
  uid: orNull(count),
  gid: orNull(count),
  username: orNull(text),
  state: orNull(fc.constantFrom('R', 'S', 'D', 'Z')),
  startTime: orNull(time),
  resolution: fc.constantFrom('live', 'cache', 'open-files'),
} as const

const onRequestOfProcess = {
  cpuUsage: orNull(fc.double({ min: 0, max: 6400, noNaN: true })),
  memoryRss: orNull(count),
  memoryVms: orNull(count),
  numThreads: orNull(count),
  openFiles: orNull(fc.array(text)),
  environment: orNull(fc.dictionary(dataKey, text, { noNullPrototype: true })),
  limits: orNull(
    fc.dictionary(dataKey, fc.record({ soft: text, hard: text }, { noNullPrototype: true }), {
      noNullPrototype: true,
    }),
  ),
  ioStats: orNull(
    fc.record(
      { readBytes: count, writeBytes: count, readSyscalls: count, writeSyscalls: count },
      { noNullPrototype: true },
    ),
  ),
  ancestors: orNull(
    fc.array(fc.record({ pid: count, name: orNull(text), exePath: orNull(text) }, { noNullPrototype: true })),
  ),
  containerId: orNull(text),
  inferred: fc.constant(['name'] as const),
} as const

const processDetails = fc.record(
  { ...alwaysOfProcess, ...onRequestOfProcess },
  { requiredKeys: Object.keys(alwaysOfProcess) as (keyof typeof alwaysOfProcess)[], noNullPrototype: true },
)

const alwaysOfContent = {
  before: orNull(text),
  after: orNull(text),
  diffSummary: orNull(text),
  truncated: fc.boolean(),
  binary: fc.boolean(),
} as const

const contentPreview = fc.record(
  { ...alwaysOfContent, diff: orNull(text), beforeMissing: text, afterMissing: text, notStored: text },
  { requiredKeys: Object.keys(alwaysOfContent) as (keyof typeof alwaysOfContent)[], noNullPrototype: true },
)

const controlDetails = fc.record(
  { code: text, message: text, hint: text, counts: fc.dictionary(dataKey, count, { noNullPrototype: true }) },
  { requiredKeys: ['code', 'message'], noNullPrototype: true },
)

/** Any event whose fields are all on the wire: no `pid`, `root` and `origin`. */
export const arbitraryEvent: fc.Arbitrary<FileEvent> = fc
  .record(
    {
      timestampMicros: micros,
      seq: count,
      eventType: fc.constantFrom(...eventTypes),
      filePath: fc.oneof(path, fc.constant('')),
      source: text,
      isDirectory: fc.boolean(),
      filePathBytes: bytes,
      oldPath: path,
      oldPathBytes: bytes,
      cookie: fc.nat(0xffffffff),
      synthetic: fc.boolean(),
      merged: fc.boolean(),
      batchId: fc.integer({ min: 1 }),
      batchSize: fc.integer({ min: 1 }),
      fileMetadata: orNull(fileMetadata),
      processDetails: orNull(processDetails),
      processUnknown: text,
      operationDetails: orNull(fc.record({ description: text, sizeChange: orNull(fc.integer()) })),
      contentPreview: orNull(contentPreview),
      controlDetails,
    },
    { requiredKeys: ['timestampMicros', 'seq', 'eventType', 'filePath', 'source'], noNullPrototype: true },
  )
  .map((fields) => new FileEvent(fields as FileEventFields))
