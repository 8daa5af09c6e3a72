/** How a field is typed in its schema; `[]` behind it: one value or a list of them. */
type FieldType = 'keyword' | 'keyword[]' | 'text' | 'long' | 'date' | 'millis' | 'integer' | 'object'

export type SchemaFields = Readonly<Record<string, FieldType>>

/**
 * The fields of the Elastic Common Schema 8.11.0 that are used, with their types in Elasticsearch: `match_only_text` is
 * `text` here, and `wildcard` a `keyword`. Compared with generated/csv/fields.csv of elastic/ecs, as it was between
 * 8.11 and 8.12, and with the values that schemas/event.yml allows.
 */
export const ecsFields: SchemaFields = {
  '@timestamp': 'date',
  'container.id': 'keyword',
  'ecs.version': 'keyword',
  'event.action': 'keyword',
  'event.category': 'keyword[]',
  'event.code': 'keyword',
  'event.dataset': 'keyword',
  'event.id': 'keyword',
  'event.kind': 'keyword',
  'event.module': 'keyword',
  'event.outcome': 'keyword',
  'event.provider': 'keyword',
  'event.sequence': 'long',
  'event.type': 'keyword[]',
  'file.accessed': 'date',
  'file.created': 'date',
  'file.ctime': 'date',
  'file.directory': 'keyword',
  'file.extension': 'keyword',
  'file.gid': 'keyword',
  'file.group': 'keyword',
  'file.inode': 'keyword',
  'file.mode': 'keyword',
  'file.mtime': 'date',
  'file.name': 'keyword',
  'file.owner': 'keyword',
  'file.path': 'keyword',
  'file.size': 'long',
  'file.target_path': 'keyword',
  'file.type': 'keyword',
  'file.uid': 'keyword',
  'host.hostname': 'keyword',
  message: 'text',
  'process.args': 'keyword[]',
  'process.args_count': 'long',
  'process.command_line': 'keyword',
  'process.executable': 'keyword',
  'process.name': 'keyword',
  'process.parent.executable': 'keyword',
  'process.parent.name': 'keyword',
  'process.parent.pid': 'long',
  'process.pid': 'long',
  'process.start': 'date',
  'process.working_directory': 'keyword',
  'user.group.id': 'keyword',
  'user.id': 'keyword',
  'user.name': 'keyword',
  // The schema leaves names such as this one to whoever sends the event.
  fsflow: 'object',
}

/** What `event` may say in ECS 8.11.0; of the types, those of the categories `file` and `host`. */
export const ecsValues = {
  kind: ['alert', 'asset', 'enrichment', 'event', 'metric', 'state', 'pipeline_error', 'signal'],
  outcome: ['failure', 'success', 'unknown'],
  types: {
    file: ['access', 'change', 'creation', 'deletion', 'info'],
    host: ['access', 'change', 'end', 'info', 'start'],
  },
} as const

function fileFields(prefix: string): SchemaFields {
  return {
    [`${prefix}.accessed_time`]: 'millis',
    [`${prefix}.created_time`]: 'millis',
    [`${prefix}.ext`]: 'keyword',
    [`${prefix}.modified_time`]: 'millis',
    [`${prefix}.name`]: 'keyword',
    [`${prefix}.owner.name`]: 'keyword',
    [`${prefix}.owner.uid`]: 'keyword',
    [`${prefix}.parent_folder`]: 'keyword',
    [`${prefix}.path`]: 'keyword',
    [`${prefix}.size`]: 'long',
    [`${prefix}.type`]: 'keyword',
    [`${prefix}.type_id`]: 'integer',
    [`${prefix}.uid`]: 'keyword',
    [`${prefix}.xattributes`]: 'object',
  }
}

function userFields(prefix: string): SchemaFields {
  return {
    [`${prefix}.groups.uid`]: 'keyword',
    [`${prefix}.name`]: 'keyword',
    [`${prefix}.type`]: 'keyword',
    [`${prefix}.type_id`]: 'integer',
    [`${prefix}.uid`]: 'keyword',
  }
}

/**
 * The fields of OCSF 1.5.0 that are used: classes 1001 and 0, with the profiles `host` and `container`. Compared with
 * events/, objects/, profiles/ and the changes told in CHANGELOG.md of ocsf/ocsf-schema: what later versions have added
 * is not among them.
 */
export const ocsfFields: SchemaFields = {
  activity_id: 'integer',
  activity_name: 'keyword',
  ...userFields('actor.user'),
  'actor.process.cmd_line': 'keyword',
  'actor.process.container.uid': 'keyword',
  'actor.process.created_time': 'millis',
  ...fileFields('actor.process.file'),
  'actor.process.name': 'keyword',
  ...fileFields('actor.process.parent_process.file'),
  'actor.process.parent_process.name': 'keyword',
  'actor.process.parent_process.pid': 'integer',
  'actor.process.pid': 'integer',
  ...userFields('actor.process.user'),
  'actor.process.working_directory': 'keyword',
  category_name: 'keyword',
  category_uid: 'integer',
  class_name: 'keyword',
  class_uid: 'integer',
  'device.hostname': 'keyword',
  'device.type': 'keyword',
  'device.type_id': 'integer',
  ...fileFields('file'),
  ...fileFields('file_result'),
  file_diff: 'keyword',
  message: 'keyword',
  'metadata.event_code': 'keyword',
  'metadata.log_provider': 'keyword',
  'metadata.product.name': 'keyword',
  'metadata.product.vendor_name': 'keyword',
  'metadata.profiles': 'keyword[]',
  'metadata.sequence': 'integer',
  'metadata.uid': 'keyword',
  'metadata.version': 'keyword',
  severity: 'keyword',
  severity_id: 'integer',
  status: 'keyword',
  status_id: 'integer',
  time: 'millis',
  type_uid: 'long',
  unmapped: 'object',
}

/** The fields that OCSF 1.5.0 requires of both classes, and further ones of class 1001. */
export const ocsfRequired = {
  both: ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'],
  file: ['actor', 'device', 'file'],
} as const

/** Numbers of OCSF 1.5.0 with their captions; of 99, Other, the caption is free. */
export const ocsfCaptions = {
  activity: {
    1: 'Create',
    2: 'Read',
    3: 'Update',
    4: 'Delete',
    5: 'Rename',
    6: 'Set Attributes',
    13: 'Unmount',
    14: 'Open',
  },
  file: {
    0: 'Unknown',
    1: 'Regular File',
    2: 'Folder',
    3: 'Character Device',
    4: 'Block Device',
    5: 'Local Socket',
    6: 'Named Pipe',
    7: 'Symbolic Link',
  },
  severity: { 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical', 6: 'Fatal' },
  status: { 0: 'Unknown', 1: 'Success', 2: 'Failure' },
} as const

/** Objects of OCSF 1.5.0 that are used, by their places, and the fields of which each has to have one. */
const ocsfOneOf: Readonly<Record<string, readonly string[]>> = {
  actor: ['process', 'user'],
  'actor.process': ['pid'],
  'actor.process.parent_process': ['pid'],
  'actor.process.user': ['name', 'uid'],
  'actor.user': ['name', 'uid'],
  device: ['hostname'],
  'file.owner': ['name', 'uid'],
  'file_result.owner': ['name', 'uid'],
}

/** The fields that each file of OCSF 1.5.0 has. */
const ocsfOfFile = ['name', 'type_id'] as const

/** Which objects of an OCSF event do not have what the schema asks of them. */
export function ocsfLacks(event: object): readonly string[] {
  const at = (path: string): object | undefined =>
    path
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], event) as
      object | undefined
  const lacking = Object.entries(ocsfOneOf)
    .filter(([path, names]) => at(path) !== undefined && !names.some((name) => name in at(path)!))
    .map(([path, names]) => `${path} has none of ${names.join(', ')}`)
  const files = ['file', 'file_result', 'actor.process.file', 'actor.process.parent_process.file']
  const incomplete = files
    .filter((path) => at(path) !== undefined && !ocsfOfFile.every((name) => name in at(path)!))
    .map((path) => `${path} has no ${ocsfOfFile.join(' or no ')}`)
  return [...lacking, ...incomplete]
}

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value)
const isText = (value: unknown): boolean => typeof value === 'string'

const fits: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  keyword: isText,
  'keyword[]': (value) => Array.isArray(value) && value.every(isText),
  text: isText,
  long: isWhole,
  integer: isWhole,
  millis: isWhole,
  date: (value) => isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value as string),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** What in an object is not a field of the schema, or not of its type. */
export function misfits(value: unknown, fields: SchemaFields, path = ''): readonly string[] {
  const type = fields[path]
  if (type !== undefined) return fits[type](value) ? [] : [`${path} is no ${type}: ${JSON.stringify(value)}`]
  if (Array.isArray(value)) return value.flatMap((item) => misfits(item, fields, path))
  if (typeof value !== 'object' || value === null) return [`${path} is not in the schema`]
  const entries = Object.entries(value)
  if (entries.length === 0) return [`${path} is empty`]
  return entries.flatMap(([key, item]) => misfits(item, fields, path === '' ? key : `${path}.${key}`))
}
