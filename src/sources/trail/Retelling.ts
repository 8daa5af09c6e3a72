import { FileEvent, type ControlDetails, type EventType } from '../../events/index.js'
import { nowMicros } from '../../linux/clock.js'

export interface RetellingParts {
  /** The name of the source, for events of its own. */
  readonly source: string
  /** The message of its `MONITOR_START`. */
  readonly message: string
  /** Absolute, the longest first. */
  readonly roots: readonly string[]
  readonly emit: (event: FileEvent) => void
}

const borders: ReadonlySet<EventType> = new Set<EventType>(['MONITOR_START', 'MONITOR_STOP'])

/** Events of earlier runs told as one stream: numbered anew, between borders of its own. */
export class Retelling {
  readonly #parts: RetellingParts
  #seq = 0
  #lastMicros = NaN

  constructor(parts: RetellingParts) {
    this.#parts = parts
  }

  /** True once `MONITOR_START` has been emitted. */
  get ready(): boolean {
    return this.#seq > 0
  }

  /** Emits `MONITOR_START` unless that was done. */
  start(timestampMicros: number = nowMicros()): void {
    if (this.ready) return
    this.#lastMicros = timestampMicros
    this.#emitControl('MONITOR_START', { code: 'FSFLOW_MONITOR_START', message: this.#parts.message })
  }

  /** False for a border of an earlier run, which is not told. */
  tell(event: FileEvent): boolean {
    if (borders.has(event.eventType)) return false
    this.#lastMicros = event.timestampMicros
    this.#emit(event)
    return true
  }

  warn(controlDetails: ControlDetails): void {
    this.start()
    this.#emitControl('WARNING', controlDetails)
  }

  #emitControl(eventType: EventType, controlDetails: ControlDetails): void {
    const { source } = this.#parts
    const timestampMicros = this.#lastMicros
    this.#emit(new FileEvent({ timestampMicros, seq: 0, eventType, filePath: '', source, controlDetails }))
  }

  #emit(event: FileEvent): void {
    this.#seq++
    const { filePath, isControl } = event
    const root = isControl ? '' : (this.#parts.roots.find((one) => isWithin(filePath, one)) ?? '')
    this.#parts.emit(event.with({ seq: this.#seq, root }))
  }
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root === '/' ? root : `${root}/`)
}
