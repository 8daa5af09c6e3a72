import type { FileEvent } from '../../events/index.js'

// A CREATE of the kernel proves that nothing was there before; a MOVED_TO may have replaced a file, and so may the
// CREATE that is made of one. The wire has no word for it, but debounceByPath must not fold such a CREATE and a
// DELETE to nothing.
const replacing = new WeakSet<FileEvent>()

/** Notes that the event, a `CREATE`, may have replaced a file that was there. Returns the event. */
export function markReplacing(event: FileEvent): FileEvent {
  replacing.add(event)
  return event
}

/** True when the path of a new entry may have been taken before. */
export function mayReplace(event: FileEvent): boolean {
  return event.eventType !== 'CREATE' || replacing.has(event)
}
