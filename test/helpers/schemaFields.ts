/** How a field is typed in its schema; `[]` behind it: one value or a list of them. */
type FieldType = 'keyword' | 'keyword[]' | 'text' | 'long' | 'date' | 'millis' | 'integer' | 'object'

export type SchemaFields = Readonly<Record<string, FieldType>>

/** The fields of the Elastic Common Schema 8.11.0 that are used, with their types in Elasticsearch. */
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
  'process.command_line': 'text',
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

/** The fields of OCSF 1.5.0 that are used: classes 1001 and 0, with the profile `host`. */
export const ocsfFields: SchemaFields = {
  activity_id: 'integer',
  activity_name: 'keyword',
  ...userFields('actor.user'),
  'actor.process.cmd_line': 'keyword',
  'actor.process.created_time': 'millis',
  ...fileFields('actor.process.file'),
  'actor.process.name': 'keyword',
  ...fileFields('actor.process.parent_process.file'),
  'actor.process.parent_process.name': 'keyword',
  'actor.process.parent_process.pid': 'integer',
  'actor.process.pid': 'integer',
  ...userFields('actor.process.user'),
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
