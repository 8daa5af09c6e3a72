import type { EventType, FileEvent } from '../../events/index.js'
import type { SizeChange } from './KnownSizes.js'

/** What stands before and after "file" or "directory". */
const words: Readonly<Partial<Record<EventType, readonly [before: string, after: string]>>> = {
  ACCESS: ['', 'read'],
  MODIFY: ['content of the ', 'changed'],
  ATTRIB: ['permissions, owner, times or links of the ', 'changed'],
  CLOSE_WRITE: ['', 'closed after writing'],
  CLOSE_NOWRITE: ['', 'closed after reading'],
  OPEN: ['', 'opened'],
  OPEN_EXEC: ['', 'opened for execution'],
  MOVED_FROM: ['', 'moved away'],
  MOVED_TO: ['', 'moved here'],
  CREATE: ['', 'created'],
  DELETE: ['', 'deleted'],
  DELETE_SELF: ['watched ', 'deleted'],
  MOVE_SELF: ['watched ', 'moved'],
  RENAME: ['', 'renamed'],
}

/** What was done, as a sentence: "content of the file changed by vim (42): 12 bytes, 3 more than before". */
export function sentenceOf(event: FileEvent, change: SizeChange): string {
  const { eventType, fileMetadata, isDirectory, oldPath, processDetails } = event
  const [before, after] = words[eventType] ?? ['', eventType]
  const type = fileMetadata?.fileType.replace('_', ' ') ?? (isDirectory ? 'directory' : 'file')
  const by = processDetails ? ` by ${processDetails.name ?? 'process'} (${processDetails.pid})` : ''
  const from = oldPath === undefined ? '' : `, from ${oldPath}`
  return `${before}${type} ${after}${by}${from}${sizeText(eventType, change)}`
}

function sizeText(type: EventType, { before, after, difference }: SizeChange): string {
  if (type === 'DELETE' || type === 'DELETE_SELF') return before === null ? '' : `: it had ${bytes(before)}`
  if (after === null) return ''
  if (type === 'CREATE') return after === 0 ? ', empty' : `, with ${bytes(after)}`
  if (difference === null) return `: ${bytes(after)}`
  if (difference !== 0) {
    return `: ${bytes(after)}, ${Math.abs(difference)} ${difference > 0 ? 'more' : 'fewer'} than before`
  }
  return type === 'MODIFY' || type === 'CLOSE_WRITE' ? `: ${bytes(after)} as before` : ''
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`
}
