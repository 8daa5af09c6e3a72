import type {
  CapturedContent,
  ContentPreview,
  ControlDetails,
  EventProcess,
  FileMetadata,
  FormerContent,
  OperationDetails,
  ProcessDetails,
} from './details.js'
import { isControlType, type EventType } from './eventTypes.js'
import { toWire, type WireEvent } from './toWire.js'

/**
 * The way back from an event to the source that emitted it, for the operators that need it.
 * Events that were read from a file or a broker have none.
 */
export interface EventOrigin {
  /** The same event with its path, as the watch table knows it now. */
  resolve(event: FileEvent): FileEvent
  /** Watches the directory that the event is about, and has the source tell its content. */
  follow(): void
  /**
   * A descriptor of the file that the event is about, whatever its name is by now, opened with these flags of
   * open(2), or -errno. The caller closes it. Absent when the source knows the file by its name only.
   */
  openFile?(flags: number): number
}

/** The fields of a FileEvent; those with a `?` may be left out. */
export interface FileEventFields {
  /** Microseconds since the Unix epoch: when the record was read from the kernel. */
  readonly timestampMicros: number
  /** Rises by 1 for each event that a source emits in one run. */
  readonly seq: number
  readonly eventType: EventType
  /** Absolute path at the time of the event; empty before `resolvePath()` and on events about the stream. */
  readonly filePath: string
  /** `inotify`, `fanotify`, `ebpf`, `poll`, `replay`, ... */
  readonly source: string
  readonly isDirectory?: boolean
  /** The raw path, only when it is not valid UTF-8; `filePath` then shows U+FFFD. */
  readonly filePathBytes?: Uint8Array | undefined
  /** Only on `RENAME`. */
  readonly oldPath?: string | undefined
  readonly oldPathBytes?: Uint8Array | undefined
  /** Only on `MOVED_FROM` and `MOVED_TO`: the two halves of one rename share it. */
  readonly cookie?: number | undefined
  /** True when a scan made the event, not the kernel. */
  readonly synthetic?: boolean
  /** True when the kernel folded several changes into one record. */
  readonly merged?: boolean
  /** With `settle`: which batch the event is part of, from 1. */
  readonly batchId?: number | undefined
  /** With `settle`: how many events that batch has. */
  readonly batchSize?: number | undefined
  /** The process that did it, where the kernel says so. Not on the wire: `processDetails` is. */
  readonly pid?: number | undefined
  /** The watched root that the event lies under, or empty. Not on the wire. */
  readonly root?: string
  readonly fileMetadata?: FileMetadata | null | undefined
  readonly processDetails?: ProcessDetails | null | undefined
  /** The reason why `processDetails` is `null`. */
  readonly processUnknown?: string | undefined
  readonly operationDetails?: OperationDetails | null | undefined
  readonly contentPreview?: ContentPreview | null | undefined
  /** Only on control events. */
  readonly controlDetails?: ControlDetails | undefined
  readonly origin?: EventOrigin | undefined
  /** What the source knew of the process at the event, for `enrichProcess`. Not on the wire. */
  readonly process?: EventProcess | undefined
  /** What the file held, for sinks that keep it; from `captureContent`. Not on the wire. */
  readonly content?: CapturedContent | undefined
  /** What the file held when `captureContent` began, at the first event of it. Not on the wire. */
  readonly formerContent?: FormerContent | undefined
}

/** What an event carries that is not said of it. */
type Unsaid = Pick<FileEventFields, 'origin' | 'process' | 'content' | 'formerContent'>

/**
 * The one thing that flows from every source through every operator into every sink.
 *
 * Immutable; `with` makes a changed copy. All fields are set in the constructor in one order, so that every
 * event has the same hidden class. A detail that is `undefined` was not asked for; one that is `null` was
 * asked for and is not known.
 */
// Fields are declared only, so that none is defined as undefined before it is set: it keeps the constructor small
// enough to be inlined (5 % of all CPU of an event).
export class FileEvent {
  declare readonly timestampMicros: number
  declare readonly seq: number
  declare readonly eventType: EventType
  declare readonly filePath: string
  declare readonly source: string
  declare readonly isDirectory: boolean
  declare readonly filePathBytes: Uint8Array | undefined
  declare readonly oldPath: string | undefined
  declare readonly oldPathBytes: Uint8Array | undefined
  declare readonly cookie: number | undefined
  declare readonly synthetic: boolean
  declare readonly merged: boolean
  declare readonly batchId: number | undefined
  declare readonly batchSize: number | undefined
  declare readonly pid: number | undefined
  declare readonly root: string
  declare readonly fileMetadata: FileMetadata | null | undefined
  declare readonly processDetails: ProcessDetails | null | undefined
  declare readonly processUnknown: string | undefined
  declare readonly operationDetails: OperationDetails | null | undefined
  declare readonly contentPreview: ContentPreview | null | undefined
  declare readonly controlDetails: ControlDetails | undefined
  // Private: two events that say the same are equal, whichever tables they came from.
  #unsaid: Unsaid | undefined

  constructor(fields: FileEventFields) {
    this.timestampMicros = fields.timestampMicros
    this.seq = fields.seq
    this.eventType = fields.eventType
    this.filePath = fields.filePath
    this.source = fields.source
    this.isDirectory = fields.isDirectory === true
    this.filePathBytes = fields.filePathBytes
    this.oldPath = fields.oldPath
    this.oldPathBytes = fields.oldPathBytes
    this.cookie = fields.cookie
    this.synthetic = fields.synthetic === true
    this.merged = fields.merged === true
    this.batchId = fields.batchId
    this.batchSize = fields.batchSize
    this.pid = fields.pid
    this.root = fields.root ?? ''
    this.fileMetadata = fields.fileMetadata
    this.processDetails = fields.processDetails
    this.processUnknown = fields.processUnknown
    this.operationDetails = fields.operationDetails
    this.contentPreview = fields.contentPreview
    this.controlDetails = fields.controlDetails
    const { origin, process, content, formerContent } = fields
    // Most events have none of them: one private field that is left alone is less work than four (5 % in profiles).
    if (
      origin !== undefined ||
      process !== undefined ||
      content !== undefined ||
      formerContent !== undefined
    ) {
      this.#unsaid = { origin, process, content, formerContent }
    }
  }

  /** The source's handle for this event; `undefined` when the event came from elsewhere. */
  get origin(): EventOrigin | undefined {
    return this.#unsaid?.origin
  }

  /** The process as the source knew it at the event; `undefined` when it did not. */
  get process(): EventProcess | undefined {
    return this.#unsaid?.process
  }

  /** What the file held when the event was handled; `undefined` when it was not captured. */
  get content(): CapturedContent | undefined {
    return this.#unsaid?.content
  }

  /** What the file held at the start; `undefined` when this is not its first event, or that was not captured. */
  get formerContent(): FormerContent | undefined {
    return this.#unsaid?.formerContent
  }

  /** True for the events that tell about the stream (`OVERFLOW`, `WARNING`, ...), not about a file. */
  get isControl(): boolean {
    return isControlType(this.eventType)
  }

  /** A copy with some fields changed. */
  with(changes: Partial<FileEventFields>): FileEvent {
    const copy = new FileEvent(this)
    const { origin, process, content, formerContent, ...fields } = changes
    if ('origin' in changes || 'process' in changes || 'content' in changes || 'formerContent' in changes) {
      copy.#unsaid = {
        origin: 'origin' in changes ? origin : this.origin,
        process: 'process' in changes ? process : this.process,
        content: 'content' in changes ? content : this.content,
        formerContent: 'formerContent' in changes ? formerContent : this.formerContent,
      }
    }
    return Object.assign(copy, fields)
  }

  /** The wire form, so that `JSON.stringify(event)` is the NDJSON line. */
  toJSON(): WireEvent {
    return toWire(this)
  }
}

/** The event's path as a map key: distinct for distinct names, also for names that are not UTF-8. */
export function pathKey(event: FileEvent): string {
  return keyOf(event.filePath, event.filePathBytes)
}

/** The same for the old path of a `RENAME`. */
export function oldPathKey(event: FileEvent): string {
  return keyOf(event.oldPath ?? '', event.oldPathBytes)
}

// A NUL cannot stand in a path, so the two kinds of key never meet.
function keyOf(text: string, bytes: Uint8Array | undefined): string {
  return bytes === undefined ? text : '\0' + Buffer.from(bytes).toString('latin1')
}
