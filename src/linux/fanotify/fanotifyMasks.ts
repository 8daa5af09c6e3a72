/** Event bits of fanotify_mark(2). Those that inotify(7) has too are the same. */
export const FAN = {
  ACCESS: 0x1,
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  CLOSE_NOWRITE: 0x10,
  OPEN: 0x20,
  CREATE: 0x100,
  DELETE: 0x200,
  OPEN_EXEC: 0x1000,
  Q_OVERFLOW: 0x4000,
  EVENT_ON_CHILD: 0x08000000,
  RENAME: 0x10000000,
  ONDIR: 0x40000000,
} as const

/** Flags of fanotify_init(2). */
export const FAN_INIT = {
  CLOEXEC: 0x1,
  NONBLOCK: 0x2,
  UNLIMITED_QUEUE: 0x10,
  UNLIMITED_MARKS: 0x20,
  /** FAN_REPORT_DFID_NAME_TARGET: handles of directory and target, and the name. */
  HANDLES_AND_NAME: 0x1e00,
} as const

/** Flags of fanotify_mark(2). */
export const FAN_MARK = {
  ADD: 0x1,
  REMOVE: 0x2,
  ONLYDIR: 0x8,
  MOUNT: 0x10,
  FILESYSTEM: 0x100,
  EVICTABLE: 0x200,
  /** FAN_MARK_IGNORE_SURV: what matches is left out, also after the file was changed. */
  IGNORE: 0x440,
} as const
