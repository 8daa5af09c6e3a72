import type { OwnFile, SourceRequest } from '../contracts/index.js'
import {
  FileEvent,
  type ControlDetails,
  type ControlEventType,
  type EventOrigin,
  type EventType,
  type KernelEventType,
} from '../events/index.js'
import { IN } from '../linux/inotifyMasks.js'
import { detached, inexactBytes, textFromRaw } from '../linux/rawPath.js'
import type { KernelPort } from '../watching/port.js'
import type { Watcher } from '../watching/Watcher.js'
import type { WatchNode } from '../watching/WatchNode.js'
import { OwnActs, rawName } from './support/OwnActs.js'
import { OwnFiles } from './support/OwnFiles.js'

const bits = {
  ACCESS: IN.ACCESS,
  MODIFY: IN.MODIFY,
  ATTRIB: IN.ATTRIB,
  CLOSE_WRITE: IN.CLOSE_WRITE,
  CLOSE_NOWRITE: IN.CLOSE_NOWRITE,
  OPEN: IN.OPEN,
  MOVED_FROM: IN.MOVED_FROM,
  MOVED_TO: IN.MOVED_TO,
  CREATE: IN.CREATE,
  DELETE: IN.DELETE,
  DELETE_SELF: IN.DELETE_SELF,
  MOVE_SELF: IN.MOVE_SELF,
  UNMOUNT: IN.UNMOUNT,
} as const satisfies Partial<Record<KernelEventType | ControlEventType, number>>

// By the number of the bit, since a record has exactly one.
const typeOfBit: (EventType | undefined)[] = []
for (const [type, bit] of Object.entries(bits)) typeOfBit[31 - Math.clz32(bit)] = type as EventType

const EVENT_BITS = Object.values(bits).reduce((mask, bit) => mask | bit, 0)

// Names come and go by the doing of others, and are told.
const OWN_TYPES = EVENT_BITS & ~(bits.CREATE | bits.DELETE | bits.MOVED_FROM | bits.MOVED_TO)

/** The kernel's event bits for the types that are wanted. */
export function kernelMask(types: ReadonlySet<EventType>): number {
  let mask = 0
  for (const [type, bit] of Object.entries(bits)) {
    if (type !== 'UNMOUNT' && types.has(type as EventType)) mask |= bit
  }
  return mask
}

/** Makes the events of one run: numbers them, and gives them their paths when the plan asks for it. */
export class InotifyEvents {
  readonly #watcher: Watcher
  readonly #port: KernelPort
  /** By the number of the bit, the types that are wanted, and UNMOUNT. */
  readonly #typeOfBit: readonly (EventType | undefined)[]
  readonly #resolve: boolean
  /** The files of sinks, by device and inode. */
  readonly #ownFiles = new OwnFiles()
  /** The names that they have had: only for these it is worth a look which file it is. */
  readonly #ownNames = new Set<string>()
  readonly #ownActs = new OwnActs((file) => this.#learn(file))
  readonly #unfollow: () => void
  #seq = 0
  // Events come in runs from one directory, and of one entry: what was made of their names is kept until the next one.
  #rawDirectory = ''
  #directory = ''
  #directoryNode: WatchNode | undefined
  #root = ''
  #name = ''
  #path = ''
  #pathBytes: Uint8Array | undefined

  constructor(watcher: Watcher, port: KernelPort, request: SourceRequest) {
    this.#watcher = watcher
    this.#port = port
    const wanted = request.eventTypes
    this.#typeOfBit = typeOfBit.map((type) =>
      type !== undefined && (wanted.has(type) || type === 'UNMOUNT') ? type : undefined,
    )
    this.#resolve = request.resolvePaths
    for (const own of request.ownFiles) this.#learn(own)
    this.#unfollow = this.#ownActs.follow(request)
  }

  end(): void {
    this.#unfollow()
  }

  /** The event of a record, or `undefined` when nobody wants it or fsflow caused it by writing its output. */
  make(
    mask: number,
    node: WatchNode,
    name: string,
    cookie: number,
    readAt: number,
    synthetic: boolean,
  ): FileEvent | undefined {
    const eventType = this.#typeOfBit[31 - Math.clz32(mask & EVENT_BITS)]
    if (eventType === undefined || this.#ownActs.has(eventType, name, cookie)) return undefined
    if (this.#ownFiles.size > 0 && this.#isOwn(mask, node, name)) return undefined
    const isDirectory = (mask & IN.ISDIR) !== 0
    const resolve = this.#resolve || eventType === 'UNMOUNT'
    if (resolve) this.#locate(node, name)
    const text = resolve ? this.#path : ''
    return new FileEvent({
      timestampMicros: synthetic ? this.#watcher.time : readAt,
      seq: ++this.#seq,
      eventType,
      filePath: text,
      source: 'inotify',
      isDirectory,
      filePathBytes: resolve ? this.#pathBytes : undefined,
      cookie: (mask & (IN.MOVED_FROM | IN.MOVED_TO)) === 0 ? undefined : cookie,
      synthetic,
      root: resolve ? this.#root : '',
      controlDetails:
        eventType === 'UNMOUNT'
          ? { code: 'FSFLOW_UNMOUNT', message: `the filesystem at ${text} was unmounted` }
          : undefined,
      origin: isDirectory || !resolve ? new Origin(this, this.#watcher, node, name) : undefined,
    })
  }

  control(eventType: ControlEventType, filePath: string, controlDetails: ControlDetails): FileEvent {
    const seq = ++this.#seq
    const timestampMicros = this.#watcher.time
    return new FileEvent({ timestampMicros, seq, eventType, filePath, source: 'inotify', controlDetails })
  }

  /** The text of a directory's path. */
  pathOf(node: WatchNode): string {
    return textFromRaw(this.#watcher.table.pathOf(node))
  }

  /** The same event with its path. */
  resolve(event: FileEvent, node: WatchNode, name: string): FileEvent {
    this.#locate(node, name)
    return event.with({ filePath: this.#path, filePathBytes: this.#pathBytes, root: this.#root })
  }

  /** Sets the path of an entry. */
  #locate(node: WatchNode, name: string): void {
    const { table } = this.#watcher
    const raw = table.pathOf(node)
    if (node === this.#directoryNode && raw === this.#rawDirectory) {
      if (name === this.#name) return
    } else {
      this.#directoryNode = node
      this.#rawDirectory = raw
      this.#directory = textFromRaw(raw)
      this.#root = textFromRaw(table.rootOf(node).path)
    }
    this.#name = name
    const text = textFromRaw(name)
    this.#path = joined(this.#directory, text)
    const isExact = text === name && this.#directory === raw
    this.#pathBytes = isExact ? undefined : inexactBytes(table.entryPath(node, name), this.#path)
  }

  #learn({ path, dev, ino }: OwnFile): void {
    this.#ownFiles.add(path, `${Number(dev)}:${Number(ino)}`)
    this.#ownNames.add(rawName(path))
  }

  /** True for what fsflow does itself: writing to the files of its sinks, wherever they have been renamed to. */
  #isOwn(mask: number, node: WatchNode, name: string): boolean {
    if ((mask & IN.ISDIR) !== 0) return false
    const renamed = (mask & IN.MOVED_TO) !== 0
    if (!renamed && ((mask & OWN_TYPES) === 0 || !this.#ownNames.has(name))) return false
    const identity = this.#port.identify(this.#watcher.table.entryPath(node, name))
    if (typeof identity === 'number') return false
    const own = this.#ownFiles.has(`${identity.dev}:${identity.ino}`)
    if (own && renamed) this.#ownNames.add(detached(name))
    return own && !renamed
  }
}

function joined(directory: string, name: string): string {
  if (name === '') return directory
  return directory === '/' ? `/${name}` : `${directory}/${name}`
}

class Origin implements EventOrigin {
  readonly #events: InotifyEvents
  readonly #watcher: Watcher
  readonly #node: WatchNode
  readonly #name: string

  constructor(events: InotifyEvents, watcher: Watcher, node: WatchNode, name: string) {
    this.#events = events
    this.#watcher = watcher
    this.#node = node
    this.#name = name
  }

  resolve(event: FileEvent): FileEvent {
    return this.#events.resolve(event, this.#node, this.#name)
  }

  follow(): void {
    if (this.#name !== '') this.#watcher.follow(this.#node, this.#name)
  }
}
