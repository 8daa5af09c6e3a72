/** What `lstat` or `statx` says of the file, read when the event was handled. */
export interface FileMetadata {
  /** As `ls -l` prints it: `-rw-r--r--`. */
  readonly permissions: string
  /** Four octal digits: `0644`, `4755`. */
  readonly permissionsOctal: string
  readonly ownerUid: number
  readonly ownerGid: number
  /** `null` when no user database has a name for the id. */
  readonly ownerName: string | null
  readonly groupName: string | null
  /** Bytes. */
  readonly size: number
  /** RFC 3339 in UTC, as are the other three. */
  readonly modified: string
  readonly accessed: string
  readonly changed: string
  /** `null` where the filesystem keeps no birth time. */
  readonly created: string | null
  /** Decimal; a string since it may exceed 2^53. */
  readonly inode: string
  readonly hardLinks: number
  readonly fileType:
    'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'block_device' | 'character_device' | 'unknown'
  /** Only of a symbolic link: where it leads, as it is written there; `null` when it could not be read. */
  readonly linkTarget?: string | null
}

export interface IoStats {
  readonly readBytes: number
  readonly writeBytes: number
  readonly readSyscalls: number
  readonly writeSyscalls: number
}

/** One of the processes that a process comes from. */
export interface ProcessAncestor {
  readonly pid: number
  readonly name: string | null
  readonly exePath: string | null
}

/** Who did it. A field is absent when it was not asked for and `null` when it could not be read. */
export interface ProcessDetails {
  readonly pid: number
  readonly ppid: number | null
  /** The kernel's `comm`, at most 15 bytes. */
  readonly name: string | null
  readonly exePath: string | null
  readonly cmdline: readonly string[] | null
  readonly cwd: string | null
  readonly uid: number | null
  readonly gid: number | null
  readonly username: string | null
  /** One letter as in ps(1): `R`, `S`, `D`, `Z`, ... */
  readonly state: string | null
  /** RFC 3339, UTC. */
  readonly startTime: string | null
  /** Per cent of one processor, averaged over the life of the process. */
  readonly cpuUsage?: number | null
  /** Bytes. */
  readonly memoryRss?: number | null
  /** Bytes. */
  readonly memoryVms?: number | null
  readonly numThreads?: number | null
  readonly openFiles?: readonly string[] | null
  /** Values of variables whose names look like secrets are replaced by `[redacted]`. */
  readonly environment?: Readonly<Record<string, string>> | null
  readonly limits?: Readonly<Record<string, { readonly soft: string; readonly hard: string }>> | null
  readonly ioStats?: IoStats | null
  /** Who started it, who started that one, and so on up to init. */
  readonly ancestors?: readonly ProcessAncestor[] | null
  /** The container that its cgroup names; empty when it names none. */
  readonly containerId?: string | null
  /** Fields that are likely and not proven: a `name` that is only the name of the program's file. */
  readonly inferred?: readonly 'name'[]
  /**
   * `live`: it was still there when the event was handled; `cache`: it had ended, this was learned before;
   * `open-files`: inferred, not proven.
   */
  readonly resolution: 'live' | 'cache' | 'open-files'
}

/** A process as the source knew it when it read the event. */
export interface EventProcess {
  /** Without the fields that are read on request. */
  readonly details: ProcessDetails
  /** As `ProcessDetails.ancestors`, as they were when each of them started the next. */
  readonly ancestors: readonly ProcessAncestor[] | null
}

/** What was done to the file. */
export interface OperationDetails {
  /** A sentence for people, without the path of the event. */
  readonly description: string
  /** Bytes, negative when the file shrank, `null` when the size before or after is not known. */
  readonly sizeChange: number | null
}

/** What the file held before and after; what could not be captured says why. */
export interface ContentPreview {
  /** Text, cut off at the configured length; `null` when there is none to show. */
  readonly before: string | null
  readonly after: string | null
  /** How many lines came and went, or how many bytes there are; `null` when one side is not known. */
  readonly diffSummary: string | null
  /** True when `before` or `after` was cut off. */
  readonly truncated: boolean
  /** True when one of them is no text: then it is not shown. */
  readonly binary: boolean
  /** Only when asked for: a unified diff; `null` when there is none to make. */
  readonly diff?: string | null
  /** Why `before` is `null`. */
  readonly beforeMissing?: string
  /** Why `after` is `null`. */
  readonly afterMissing?: string
  /** Why the content is not in the store, which was to keep it. */
  readonly notStored?: string
}

/** The whole content of a file at one time, for sinks that keep it. */
export interface CapturedContent {
  /** Hexadecimal. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** Permission bits of the file. */
  readonly mode: number
  /** The real path of the store that has the bytes, if one has. */
  readonly store: string | undefined
  /** The bytes; `undefined` when they have been given up since, for the memory or the disk was full. */
  bytes(): Uint8Array | undefined
}

/** What a file held before anything was told of it, for sinks that keep it. */
export interface FormerContent extends CapturedContent {
  /** When it was read: microseconds since the Unix epoch. */
  readonly timestampMicros: number
  /** True when the event is a `RENAME` and it is what the file held under its old path. */
  readonly isOfOldPath: boolean
}

/** What a control event says: a stable code, a sentence, and where it applies a next step or counts. */
export interface ControlDetails {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly counts?: Readonly<Record<string, number>>
}
