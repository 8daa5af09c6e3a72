import type { EventType, FileEvent } from '../../events/index.js'

/** What an event does to its path. A `RENAME` concerns two paths and is not among them. */
export type Effect = 'birth' | 'death' | 'change' | 'access'

const effects: Readonly<Partial<Record<EventType, Effect>>> = {
  CREATE: 'birth',
  MOVED_TO: 'birth',
  RENAME: 'birth',
  DELETE: 'death',
  MOVED_FROM: 'death',
  DELETE_SELF: 'death',
  MODIFY: 'change',
  CLOSE_WRITE: 'change',
  ATTRIB: 'change',
}

export function effectOf(event: FileEvent): Effect {
  // A directory within the tree that moves is told by its parent; a root has none that is watched.
  if (event.eventType === 'MOVE_SELF') return event.filePath === event.root ? 'death' : 'change'
  return effects[event.eventType] ?? 'access'
}
