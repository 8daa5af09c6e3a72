import { eventTypes } from './eventTypes.js'

const text = { type: 'string' } as const
const integer = { type: 'integer' } as const
const textOrNull = { type: ['string', 'null'] } as const
const integerOrNull = { type: ['integer', 'null'] } as const
const numberOrNull = { type: ['number', 'null'] } as const
const time = {
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?Z$',
} as const
const base64 = { type: 'string', contentEncoding: 'base64' } as const

function record(properties: Record<string, unknown>, optional: readonly string[] = []) {
  return {
    type: ['object', 'null'],
    additionalProperties: false,
    properties,
    required: Object.keys(properties).filter((key) => !optional.includes(key)),
  } as const
}

const fileMetadata = record(
  {
    permissions: { type: 'string', pattern: '^[-dlpsbc?][-rwxsStT]{9}$' },
    permissions_octal: { type: 'string', pattern: '^[0-7]{4}$' },
    owner_uid: integer,
    owner_gid: integer,
    owner_name: textOrNull,
    group_name: textOrNull,
    size: integer,
    modified: time,
    accessed: time,
    changed: time,
    created: { ...time, type: ['string', 'null'] },
    inode: { type: 'string', pattern: '^\\d+$' },
    hard_links: integer,
    file_type: {
      enum: ['file', 'directory', 'symlink', 'fifo', 'socket', 'block_device', 'character_device', 'unknown'],
    },
    link_target: textOrNull,
  },
  ['link_target'],
)

const onRequest = [
  'cpu_usage',
  'memory_rss',
  'memory_vms',
  'num_threads',
  'open_files',
  'environment',
  'limits',
  'io_stats',
  'ancestors',
  'container_id',
  'inferred',
]

const processDetails = record(
  {
    pid: integer,
    ppid: integerOrNull,
    name: textOrNull,
    exe_path: textOrNull,
    cmdline: { type: ['array', 'null'], items: text },
    cwd: textOrNull,
    uid: integerOrNull,
    gid: integerOrNull,
    username: textOrNull,
    state: textOrNull,
    start_time: { ...time, type: ['string', 'null'] },
    cpu_usage: numberOrNull,
    memory_rss: integerOrNull,
    memory_vms: integerOrNull,
    num_threads: integerOrNull,
    open_files: { type: ['array', 'null'], items: text },
    environment: { type: ['object', 'null'], additionalProperties: text },
    limits: {
      type: ['object', 'null'],
      additionalProperties: record({ soft: text, hard: text }),
    },
    io_stats: record({
      read_bytes: integer,
      write_bytes: integer,
      read_syscalls: integer,
      write_syscalls: integer,
    }),
    ancestors: {
      type: ['array', 'null'],
      items: { ...record({ pid: integer, name: textOrNull, exe_path: textOrNull }), type: 'object' },
    },
    container_id: textOrNull,
    inferred: { type: 'array', items: { enum: ['name'] }, minItems: 1, uniqueItems: true },
    resolution: { enum: ['live', 'cache', 'open-files'] },
  },
  onRequest,
)

/** JSON Schema (draft 2020-12) of one wire event: one NDJSON line, one element of a JSON array. */
export const eventSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:fsflow:event',
  title: 'fsflow event',
  type: 'object',
  additionalProperties: false,
  properties: {
    timestamp: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$' },
    timestamp_unix: integer,
    seq: { type: 'integer', minimum: 0 },
    event_type: { enum: eventTypes },
    file_path: { type: 'string', pattern: '^(/|$)' },
    file_path_bytes: base64,
    is_directory: { type: 'boolean' },
    old_path: { type: 'string', pattern: '^/' },
    old_path_bytes: base64,
    cookie: integer,
    source: text,
    synthetic: { const: true },
    merged: { const: true },
    batch_id: { type: 'integer', minimum: 1 },
    batch_size: { type: 'integer', minimum: 1 },
    file_metadata: fileMetadata,
    process_details: processDetails,
    process_unknown: text,
    operation_details: record({ description: text, size_change: integerOrNull }),
    content_preview: record(
      {
        before: textOrNull,
        after: textOrNull,
        diff_summary: textOrNull,
        truncated: { type: 'boolean' },
        binary: { type: 'boolean' },
        diff: textOrNull,
        before_missing: text,
        after_missing: text,
        not_stored: text,
      },
      ['diff', 'before_missing', 'after_missing', 'not_stored'],
    ),
    control_details: {
      type: 'object',
      additionalProperties: false,
      properties: {
        code: text,
        message: text,
        hint: text,
        counts: { type: 'object', additionalProperties: integer },
      },
      required: ['code', 'message'],
    },
  },
  required: ['timestamp', 'timestamp_unix', 'seq', 'event_type', 'file_path', 'is_directory', 'source'],
} as const
