import type { EventType, FileEvent, FileMetadata, ProcessDetails } from '../events/index.js'
import { known, messageOf, ownFields, parentOf, partsOf, type SchemaContext } from './schemaContext.js'

/** The version of the Open Cybersecurity Schema Framework whose fields are used. */
const ocsfVersion = '1.5.0'

/** An event as OCSF File System Activity, or as a Base Event when it is about the stream. */
export interface OcsfEvent {
  readonly class_uid: number
  readonly category_uid: number
  readonly activity_id: number
  readonly type_uid: number
  readonly severity_id: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly [field: string]: unknown
}

type Activity = readonly [id: number, name: string]

const OTHER = 99

const activities: Partial<Record<EventType, Activity>> = {
  CREATE: [1, 'Create'],
  ACCESS: [2, 'Read'],
  MODIFY: [3, 'Update'],
  CLOSE_WRITE: [3, 'Update'],
  DELETE: [4, 'Delete'],
  DELETE_SELF: [4, 'Delete'],
  RENAME: [5, 'Rename'],
  MOVED_FROM: [5, 'Rename'],
  MOVE_SELF: [5, 'Rename'],
  ATTRIB: [6, 'Set Attributes'],
  UNMOUNT: [13, 'Unmount'],
  OPEN: [14, 'Open'],
  OPEN_EXEC: [14, 'Open'],
}

const severities: Partial<Record<EventType, Activity>> = { OVERFLOW: [4, 'High'], WARNING: [3, 'Medium'] }
const statuses: Partial<Record<EventType, Activity>> = {
  OVERFLOW: [2, 'Failure'],
  WARNING: [OTHER, 'Warning'],
}

const fileTypes: Readonly<Record<FileMetadata['fileType'], Activity>> = {
  unknown: [0, 'Unknown'],
  file: [1, 'Regular File'],
  directory: [2, 'Folder'],
  character_device: [3, 'Character Device'],
  block_device: [4, 'Block Device'],
  socket: [5, 'Local Socket'],
  fifo: [6, 'Named Pipe'],
  symlink: [7, 'Symbolic Link'],
}

// There is no activity for it in the schema: its own name, as in `Moved To`.
function otherActivity(type: EventType): Activity {
  const words = type.toLowerCase().split('_')
  return [OTHER, words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')]
}

function millis(time: string | null | undefined): number | undefined {
  const parsed = Date.parse(time ?? '')
  return Number.isNaN(parsed) ? undefined : parsed
}

function user(uid: number | null, name: string | null, gid: number | null): object | undefined {
  // The schema wants a name or an id of each user.
  if (uid === null && name === null) return undefined
  return known({
    uid: uid === null ? undefined : String(uid),
    name,
    groups: gid === null ? undefined : [{ uid: String(gid) }],
  })
}

function place(path: string, type: FileMetadata['fileType']): object {
  const [type_id, caption] = fileTypes[type]
  // Before resolvePath there is no path; the name is a field that must be there.
  if (path === '') return { name: '', type_id, type: caption }
  const { name, directory, extension } = partsOf(path)
  const hasExtension = extension !== '' && type !== 'directory'
  return {
    name,
    type_id,
    type: caption,
    path,
    parent_folder: directory,
    ...(hasExtension && { ext: extension }),
  }
}

function file(event: FileEvent): object {
  const metadata = event.fileMetadata ?? undefined
  return known({
    ...place(event.filePath, typeOf(event)),
    uid: metadata?.inode,
    size: metadata?.size,
    owner: metadata && user(metadata.ownerUid, metadata.ownerName, null),
    modified_time: millis(metadata?.modified),
    accessed_time: millis(metadata?.accessed),
    created_time: millis(metadata?.created),
    xattributes:
      metadata &&
      known({
        mode: metadata.permissionsOctal,
        gid: String(metadata.ownerGid),
        group: metadata.groupName,
        hard_link_count: metadata.hardLinks,
        link_name: metadata.linkTarget,
      }),
  })!
}

function typeOf(event: FileEvent): FileMetadata['fileType'] {
  return (
    event.fileMetadata?.fileType ??
    (event.isDirectory || event.eventType === 'UNMOUNT' ? 'directory' : 'unknown')
  )
}

function filesOf(event: FileEvent): object {
  if (event.oldPath === undefined) return { file: file(event) }
  return { file: place(event.oldPath, typeOf(event)), file_result: file(event) }
}

function processOf(details: ProcessDetails): object {
  const parent = parentOf(details)
  return known({
    pid: details.pid,
    name: details.name,
    cmd_line: details.cmdline?.join(' '),
    working_directory: details.cwd,
    created_time: millis(details.startTime),
    container: details.containerId ? { uid: details.containerId } : undefined,
    file: details.exePath === null ? undefined : place(details.exePath, 'file'),
    user: user(details.uid, details.username, details.gid),
    parent_process:
      parent.pid === undefined
        ? undefined
        : known({
            pid: parent.pid,
            name: parent.name,
            file: parent.exePath ? place(parent.exePath, 'file') : undefined,
          }),
  })!
}

function actorOf(details: ProcessDetails | null | undefined): object {
  // The class asks for an actor; this is how the schema says that it is not known.
  if (details === null || details === undefined)
    return { user: { name: 'Unknown', type_id: 0, type: 'Unknown' } }
  return known({ process: processOf(details), user: user(details.uid, details.username, details.gid) })!
}

/**
 * An event as OCSF 1.5: File System Activity (class 1001), or a Base Event (class 0) when it is about the stream.
 *
 * Ids that the schema numbers are integers, times are milliseconds since the epoch. Of a `RENAME`, `file` is the
 * file before and `file_result` the file after it. An actor that is not known is a user of the type Unknown.
 */
export function toOcsf(event: FileEvent, { id, host }: SchemaContext): OcsfEvent {
  const { eventType, processDetails } = event
  const isOfFile = !event.isControl || eventType === 'UNMOUNT'
  const classUid = isOfFile ? 1001 : 0
  const [activityId, activityName] = activities[eventType] ?? otherActivity(eventType)
  const [severityId, severity] = severities[eventType] ?? [1, 'Informational']
  const [statusId, status] = statuses[eventType] ?? [1, 'Success']
  return known({
    class_uid: classUid,
    class_name: isOfFile ? 'File System Activity' : 'Base Event',
    category_uid: isOfFile ? 1 : 0,
    category_name: isOfFile ? 'System Activity' : 'Uncategorized',
    activity_id: activityId,
    activity_name: activityName,
    type_uid: classUid * 100 + activityId,
    severity_id: severityId,
    severity,
    status_id: statusId,
    status,
    time: Math.floor(event.timestampMicros / 1000),
    message: messageOf(event),
    metadata: {
      version: ocsfVersion,
      product: { name: 'fsflow', vendor_name: 'fsflow' },
      profiles: isOfFile && processDetails?.containerId ? ['container', 'host'] : ['host'],
      uid: id,
      sequence: event.seq,
      event_code: event.controlDetails?.code ?? eventType,
      log_provider: event.source,
    },
    device: { hostname: host, type_id: 0, type: 'Unknown' },
    ...(isOfFile && { actor: actorOf(processDetails), ...filesOf(event) }),
    file_diff: isOfFile ? event.contentPreview?.diff : undefined,
    unmapped: known({
      ...ownFields(event),
      file_path: isOfFile || event.filePath === '' ? undefined : event.filePath,
    }),
  })!
}
