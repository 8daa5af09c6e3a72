import { formatTimestamp, type EventType, type FileEvent, type ProcessDetails } from '../events/index.js'
import { known, messageOf, ownFields, parentOf, partsOf, type SchemaContext } from './schemaContext.js'

/** The version of the Elastic Common Schema whose fields are used. */
const ecsVersion = '8.11.0'

/** An event in the Elastic Common Schema, as nested objects; what has no field there is below `fsflow`. */
export interface EcsEvent {
  readonly '@timestamp': string
  readonly ecs: { readonly version: string }
  readonly event: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

const types: Readonly<Record<EventType, string>> = {
  CREATE: 'creation',
  MODIFY: 'change',
  CLOSE_WRITE: 'change',
  ATTRIB: 'change',
  DELETE: 'deletion',
  DELETE_SELF: 'deletion',
  MOVED_FROM: 'change',
  MOVED_TO: 'change',
  MOVE_SELF: 'change',
  RENAME: 'change',
  ACCESS: 'access',
  OPEN: 'access',
  OPEN_EXEC: 'access',
  CLOSE_NOWRITE: 'access',
  MONITOR_START: 'start',
  MONITOR_STOP: 'end',
  OVERFLOW: 'info',
  RECOVERED: 'info',
  UNMOUNT: 'change',
  WARNING: 'info',
}

const outcomes: Partial<Record<EventType, string>> = { OVERFLOW: 'failure', WARNING: 'unknown' }

const fileTypes: Readonly<Record<string, string>> = { directory: 'dir' }

function text(value: number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}

function eventOf(event: FileEvent, id: string): Readonly<Record<string, unknown>> {
  const { eventType, isControl } = event
  return known({
    id,
    kind: 'event',
    category: [isControl ? 'host' : 'file'],
    type: [types[eventType]],
    action: eventType.toLowerCase(),
    outcome: outcomes[eventType] ?? 'success',
    module: 'fsflow',
    dataset: isControl ? 'fsflow.stream' : 'fsflow.file',
    provider: event.source,
    sequence: event.seq,
    code: event.controlDetails?.code,
  })!
}

function fileOf(event: FileEvent): object | undefined {
  if (event.filePath === '') return undefined
  const { name, directory, extension } = partsOf(event.filePath)
  const metadata = event.fileMetadata ?? undefined
  const type = metadata?.fileType ?? (event.isDirectory ? 'directory' : undefined)
  return known({
    path: event.filePath,
    name,
    directory,
    extension: extension === '' || event.isDirectory ? undefined : extension,
    type: type && (fileTypes[type] ?? type),
    target_path: metadata?.linkTarget,
    size: metadata?.size,
    mode: metadata?.permissionsOctal,
    uid: text(metadata?.ownerUid),
    gid: text(metadata?.ownerGid),
    owner: metadata?.ownerName,
    group: metadata?.groupName,
    inode: metadata?.inode,
    mtime: metadata?.modified,
    accessed: metadata?.accessed,
    ctime: metadata?.changed,
    created: metadata?.created,
  })
}

function processOf(details: ProcessDetails): object | undefined {
  const { pid, name, exePath } = parentOf(details)
  return known({
    pid: details.pid,
    name: details.name,
    executable: details.exePath,
    args: details.cmdline,
    args_count: details.cmdline?.length,
    command_line: details.cmdline?.join(' '),
    working_directory: details.cwd,
    start: details.startTime,
    parent: known({ pid, name, executable: exePath }),
  })
}

function userOf({ uid, username, gid }: ProcessDetails): object | undefined {
  return known({ id: text(uid), name: username, group: known({ id: text(gid) }) })
}

/**
 * An event in the Elastic Common Schema 8.11.
 *
 * Ids, mode and inode are strings, as the schema wants them. Of a `RENAME`, `file` is the file after it. Where the
 * process is not known there are no `process` and `user`, and `fsflow.actor` says so.
 */
export function toEcs(event: FileEvent, { id, host }: SchemaContext): EcsEvent {
  const details = event.processDetails ?? undefined
  const message = messageOf(event)
  return known({
    '@timestamp': formatTimestamp(event.timestampMicros),
    ecs: { version: ecsVersion },
    message,
    event: eventOf(event, id),
    file: fileOf(event),
    process: details && processOf(details),
    user: details && userOf(details),
    container: details?.containerId ? { id: details.containerId } : undefined,
    host: { hostname: host },
    fsflow: known({ ...ownFields(event), old_path: event.oldPath }),
  })!
}
