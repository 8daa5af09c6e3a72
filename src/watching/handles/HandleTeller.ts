import type { EventProcess } from '../../events/index.js'
import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import { IN } from '../../linux/inotifyMasks.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import type { HandleEvent } from './HandleListener.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleTable } from './HandleTable.js'

/** The order in which changes that one record tells together can have happened to a file. */
const CAUSAL_ORDER = [
  FAN.CREATE,
  FAN.OPEN_EXEC,
  FAN.OPEN,
  FAN.ACCESS,
  FAN.MODIFY,
  FAN.ATTRIB,
  FAN.CLOSE_WRITE,
  FAN.CLOSE_NOWRITE,
  FAN.DELETE,
] as const
/** The name was there before, and is there after. */
const REBORN = [FAN.DELETE, ...CAUSAL_ORDER.slice(0, -1)] as const

/** What goes with an event, beyond where and what. */
export interface Telling {
  readonly target: string
  readonly pid: number
  readonly process: EventProcess | undefined
  readonly cookie: number
  readonly merged: boolean
}

const FOUND: Telling = { target: '', pid: 0, process: undefined, cookie: 0, merged: false }

/** Tells what the stream can see of what happens. */
export class HandleTeller {
  readonly #table: HandleTable
  readonly #event: (event: HandleEvent) => void
  /** Before the start is over, nothing is told. */
  isReady = false
  #cookie = 0

  constructor(table: HandleTable, event: (event: HandleEvent) => void) {
    this.#table = table
    this.#event = event
  }

  /** True when the stream sees a name in a directory. */
  sees(node: HandleNode, name: string): boolean {
    const only = this.#table.view(node)?.root.only
    return this.#table.view(node) !== undefined && (only === undefined || only.has(name))
  }

  /** Something that a record tells, of an entry or, with an empty name, of the directory itself. */
  tell(bit: number, node: HandleNode, name: string, isDirectory: boolean, telling: Telling): void {
    this.#tell(bit, node, name, isDirectory, telling, false)
  }

  /** Something that was found, not reported. */
  tellFound(bit: number, node: HandleNode, name: string, isDirectory: boolean, cookie = 0): void {
    this.#tell(bit, node, name, isDirectory, cookie === 0 ? FOUND : { ...FOUND, cookie }, true)
  }

  /** The same for both halves of a rename. */
  tellMove(from: HandleNode, oldName: string, to: HandleNode, name: string, isDirectory: boolean): void {
    const cookie = this.nextCookie()
    this.tellFound(IN.MOVED_FROM, from, oldName, isDirectory, cookie)
    this.tellFound(IN.MOVED_TO, to, name, isDirectory, cookie)
  }

  /** What the halves of the next rename have in common. */
  nextCookie(): number {
    return ++this.#cookie
  }

  /** All that a record tells of an entry; `reborn` when it had come again after it had gone. */
  tellRecord(record: HandleRecord, node: HandleNode, name: string, omit: number, reborn: boolean): void {
    const { mask, target, pid, process } = record
    const isDirectory = (mask & FAN.ONDIR) !== 0
    const bits = mask & ~FAN.ONDIR
    const telling = { target, pid, process, cookie: 0, merged: (bits & (bits - 1)) !== 0 }
    for (const bit of reborn ? REBORN : CAUSAL_ORDER) {
      if ((bits & bit & ~omit) !== 0) this.tell(bit, node, name, isDirectory, telling)
    }
  }

  #tell(
    bit: number,
    node: HandleNode,
    name: string,
    isDirectory: boolean,
    { target, pid, process, cookie, merged }: Telling,
    synthetic: boolean,
  ): void {
    if (!this.isReady || !this.sees(node, name)) return
    const view = this.#table.view(node)!
    this.#event({ bit, view, name, isDirectory, target, pid, process, cookie, merged, synthetic })
  }
}
