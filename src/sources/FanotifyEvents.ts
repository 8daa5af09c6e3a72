import type { OwnFile, SourceRequest } from '../contracts/index.js'
import {
  FileEvent,
  type ControlDetails,
  type ControlEventType,
  type EventOrigin,
  type EventType,
} from '../events/index.js'
import { FAN } from '../linux/fanotify/fanotifyMasks.js'
import type { HandleKey } from '../linux/fanotify/HandleRecord.js'
import { IN } from '../linux/inotifyMasks.js'
import { inexactBytes, rawFromText, textFromRaw } from '../linux/rawPath.js'
import type { HandleEvent } from '../watching/handles/HandleListener.js'
import type { View } from '../watching/handles/HandleNode.js'
import { join } from '../watching/handles/HandleTable.js'
import { OwnActs } from './support/OwnActs.js'
import { OwnFiles } from './support/OwnFiles.js'

const types: readonly (readonly [number, EventType])[] = [
  [FAN.ACCESS, 'ACCESS'],
  [FAN.MODIFY, 'MODIFY'],
  [FAN.ATTRIB, 'ATTRIB'],
  [FAN.CLOSE_WRITE, 'CLOSE_WRITE'],
  [FAN.CLOSE_NOWRITE, 'CLOSE_NOWRITE'],
  [FAN.OPEN, 'OPEN'],
  [IN.MOVED_FROM, 'MOVED_FROM'],
  [IN.MOVED_TO, 'MOVED_TO'],
  [FAN.CREATE, 'CREATE'],
  [FAN.DELETE, 'DELETE'],
  [IN.DELETE_SELF, 'DELETE_SELF'],
  [IN.MOVE_SELF, 'MOVE_SELF'],
  [FAN.OPEN_EXEC, 'OPEN_EXEC'],
]

// By the number of the bit, since an event has exactly one.
const typeOfBit: (EventType | undefined)[] = []
for (const [bit, type] of types) typeOfBit[31 - Math.clz32(bit)] = type

// What keeps the table true; renames and roots are told from these.
const TABLE_MASK = FAN.CREATE | FAN.DELETE | FAN.RENAME | FAN.ONDIR
const ASKED_FOR: ReadonlySet<number> = new Set([
  FAN.ACCESS,
  FAN.MODIFY,
  FAN.ATTRIB,
  FAN.CLOSE_WRITE,
  FAN.CLOSE_NOWRITE,
  FAN.OPEN,
  FAN.OPEN_EXEC,
])
// Names come and go by the doing of others, and are told.
const NAME_BITS = FAN.CREATE | FAN.DELETE | IN.MOVED_FROM | IN.MOVED_TO

/** The kernel's event bits for the types that are wanted. */
export function fanotifyMask(wanted: ReadonlySet<EventType>): number {
  let mask: number = TABLE_MASK
  for (const [bit, type] of types) if (ASKED_FOR.has(bit) && wanted.has(type)) mask |= bit
  return mask
}

/** What the events need of the filesystems that are marked. */
export interface HandleFiles {
  /** The handle of the file at a raw path. */
  keyOf(path: string): HandleKey | undefined
  /** A descriptor of the file of a handle, or -errno. */
  openFile(key: HandleKey, flags: number): number
}

/** Makes the events of one run: numbers them, and gives them their paths. */
export class FanotifyEvents {
  readonly #wanted: ReadonlySet<EventType>
  readonly #request: SourceRequest
  readonly #files: HandleFiles
  readonly #ownKeys = new OwnFiles()
  readonly #ownActs = new OwnActs((file) => this.#learn(file))
  #unfollow: () => void = () => undefined
  #seq = 0
  // Events come in runs from one directory, and of one entry: what was made of their names is kept until the next one.
  #view: View | undefined
  #directory = ''
  #root = ''
  #name = ''
  #path = ''
  #pathBytes: Uint8Array | undefined

  constructor(request: SourceRequest, files: HandleFiles) {
    this.#wanted = request.eventTypes
    this.#request = request
    this.#files = files
  }

  /** Looks at the files that fsflow writes; the filesystems have been marked. */
  learnOwnFiles(): void {
    for (const own of this.#request.ownFiles) this.#learn(own)
    this.#unfollow = this.#ownActs.follow(this.#request)
  }

  end(): void {
    this.#unfollow()
  }

  /** The event, or `undefined` when nobody wants it or fsflow caused it by writing its output. */
  make(event: HandleEvent, timestampMicros: number): FileEvent | undefined {
    const { bit, view, name, target, pid, process } = event
    const eventType = typeOfBit[31 - Math.clz32(bit)]
    if (eventType === undefined || this.#ownActs.has(eventType, name, event.cookie)) return undefined
    if (!this.#wanted.has(eventType)) return undefined
    if (this.#ownKeys.size > 0 && (bit & NAME_BITS) === 0 && this.#isOwn(target, pid)) return undefined
    this.#locate(view, name)
    return new FileEvent({
      timestampMicros,
      seq: ++this.#seq,
      eventType,
      filePath: this.#path,
      source: 'fanotify',
      isDirectory: event.isDirectory,
      filePathBytes: this.#pathBytes,
      cookie: event.cookie === 0 ? undefined : event.cookie,
      synthetic: event.synthetic,
      merged: event.merged,
      pid: pid === 0 ? undefined : pid,
      process,
      root: this.#root,
      origin: target === '' || event.isDirectory ? undefined : new HandleOrigin(this.#files, target),
    })
  }

  control(
    eventType: ControlEventType,
    filePath: string,
    timestampMicros: number,
    controlDetails: ControlDetails,
  ): FileEvent {
    const seq = ++this.#seq
    return new FileEvent({ timestampMicros, seq, eventType, filePath, source: 'fanotify', controlDetails })
  }

  #learn({ path, at = path }: OwnFile): void {
    const key = this.#files.keyOf(rawFromText(at))
    if (key !== undefined) this.#ownKeys.add(path, key)
  }

  #isOwn(target: string, pid: number): boolean {
    return this.#ownKeys.has(target) || (pid === process.pid && this.#ownKeys.had(target))
  }

  /** Sets the path of an entry. */
  #locate(view: View, name: string): void {
    if (view !== this.#view) {
      this.#view = view
      this.#directory = textFromRaw(view.path)
      this.#root = textFromRaw(view.root.path)
    } else if (name === this.#name) return
    this.#name = name
    if (name === '') {
      this.#path = this.#directory
      this.#pathBytes = inexactBytes(view.path, this.#path)
      return
    }
    const text = textFromRaw(name)
    this.#path = join(this.#directory, text)
    const isExact = text === name && this.#directory === view.path
    this.#pathBytes = isExact ? undefined : inexactBytes(join(view.path, name), this.#path)
  }
}

/** The file of an event, which its handle names for as long as it exists. */
class HandleOrigin implements EventOrigin {
  readonly #files: HandleFiles
  readonly #key: HandleKey

  constructor(files: HandleFiles, key: HandleKey) {
    this.#files = files
    this.#key = key
  }

  resolve(event: FileEvent): FileEvent {
    return event
  }

  follow(): void {
    // Whatever lies on a marked filesystem is seen.
  }

  openFile(flags: number): number {
    return this.#files.openFile(this.#key, flags)
  }
}
