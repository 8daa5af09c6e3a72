import { FileEvent, isControlType, isEventType, type FileEventFields } from '../events/index.js'
import { invalidOption } from '../errors/index.js'

/** 2024-01-01T00:00:00Z in microseconds: a test must not depend on the day it runs. */
const defaultTimestampMicros = 1_704_067_200_000_000

/**
 * An event for tests, with stable fields for all that is not given.
 *
 * `fileEvent('CREATE /a/b')` reads as the event it makes: the type, then the path. A path that ends in a slash
 * is a directory; ` -> ` separates the two paths of a `RENAME`; ` #7` at the end is the cookie. Control events
 * stand alone: `fileEvent('OVERFLOW')`. `changes` sets any other field.
 *
 * Defaults: `seq` 1, `source` `'test'`, 2024-01-01T00:00:00Z, an `eventType` of `MODIFY` when only fields are
 * given. Throws FSFLOW_INVALID_OPTION for text that it cannot read.
 */
export function fileEvent(
  description: string | Partial<FileEventFields>,
  changes: Partial<FileEventFields> = {},
): FileEvent {
  const fields = typeof description === 'string' ? parse(description) : description
  return new FileEvent({
    timestampMicros: defaultTimestampMicros,
    seq: 1,
    eventType: 'MODIFY',
    filePath: '',
    source: 'test',
    ...fields,
    ...changes,
  })
}

function parse(description: string): Partial<FileEventFields> {
  const [, eventType, rest = '', cookie] = /^(\S+)(?: (.*?))?(?: #(\d+))?$/s.exec(description) ?? []
  if (!isEventType(eventType)) throw unreadable(description, 'does not begin with an event type')
  const renamed = eventType === 'RENAME'
  const paths = renamed ? rest.split(' -> ') : [rest]
  if (renamed && paths.length !== 2) throw unreadable(description, 'needs two paths: RENAME /old -> /new')
  const filePath = paths[paths.length - 1]!
  if (filePath === '' && !isControlType(eventType)) throw unreadable(description, 'has no path')
  return {
    eventType,
    filePath: withoutSlash(filePath),
    isDirectory: filePath.endsWith('/'),
    ...(renamed && { oldPath: withoutSlash(paths[0]!) }),
    ...(cookie !== undefined && { cookie: Number(cookie) }),
  }
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function unreadable(description: string, problem: string): Error {
  return invalidOption(
    'fileEvent',
    JSON.stringify(description),
    problem,
    "Write 'CREATE /a/b', 'CREATE /directory/', 'RENAME /a -> /b', 'MOVED_FROM /a #7' or 'OVERFLOW'.",
  )
}
