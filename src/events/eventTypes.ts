/** What the kernel reports, one name for each bit of inotify(7), and fanotify's `OPEN_EXEC`. */
export const kernelEventTypes = [
  'ACCESS',
  'MODIFY',
  'ATTRIB',
  'CLOSE_WRITE',
  'CLOSE_NOWRITE',
  'OPEN',
  'MOVED_FROM',
  'MOVED_TO',
  'CREATE',
  'DELETE',
  'DELETE_SELF',
  'MOVE_SELF',
  'OPEN_EXEC',
] as const

/** What fsflow says about the stream itself. These pass every operator at once and unchanged. */
export const controlEventTypes = [
  'MONITOR_START',
  'MONITOR_STOP',
  'OVERFLOW',
  'RECOVERED',
  'UNMOUNT',
  'WARNING',
] as const

/** Every event type; `RENAME` is a joined pair of `MOVED_FROM` and `MOVED_TO`. */
export const eventTypes = [...kernelEventTypes, 'RENAME', ...controlEventTypes] as const

export type KernelEventType = (typeof kernelEventTypes)[number]
export type ControlEventType = (typeof controlEventTypes)[number]
export type EventType = (typeof eventTypes)[number]

/** Names that stand for several event types, for `filterKinds` and `--events`. */
export const eventGroups = {
  all: eventTypes,
  changes: [
    'CREATE',
    'MODIFY',
    'ATTRIB',
    'CLOSE_WRITE',
    'DELETE',
    'MOVED_FROM',
    'MOVED_TO',
    'RENAME',
    'DELETE_SELF',
    'MOVE_SELF',
  ],
  access: ['ACCESS', 'OPEN', 'OPEN_EXEC', 'CLOSE_NOWRITE'],
} as const satisfies Record<string, readonly EventType[]>

export type EventGroup = keyof typeof eventGroups

const controlSet: ReadonlySet<string> = new Set(controlEventTypes)

/** True for the types that tell about the stream, not about a file. */
export function isControlType(type: EventType): type is ControlEventType {
  return controlSet.has(type)
}

const typeSet: ReadonlySet<string> = new Set(eventTypes)

export function isEventType(value: unknown): value is EventType {
  return typeof value === 'string' && typeSet.has(value)
}

/** The set that a list of types and groups stands for; `undefined` for a name that is neither. */
export function expandEventTypes(names: readonly string[]): Set<EventType> | { readonly unknown: string } {
  const result = new Set<EventType>()
  for (const name of names) {
    if (isEventType(name)) result.add(name)
    else if (Object.hasOwn(eventGroups, name)) {
      for (const type of eventGroups[name as EventGroup]) result.add(type)
    } else return { unknown: name }
  }
  return result
}
