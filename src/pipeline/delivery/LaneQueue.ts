import { FileEvent } from '../../events/index.js'

/**
 * Events that wait in memory for a sink.
 *
 * Where events were dropped, a `WARNING` stands in their place when it comes to it. Events about the stream are never
 * dropped.
 */
export class LaneQueue {
  #items: FileEvent[] = []
  #head = 0
  /** How many events it has made itself, to tell of dropped ones. */
  warnings = 0
  /** Events about the stream that stood among those that were dropped. */
  #spared: FileEvent[] = []
  #missed = 0
  #lastMissed: FileEvent | undefined

  get length(): number {
    return this.#items.length - this.#head + this.#spared.length
  }

  /** True when there is nothing to take, not even what tells of dropped events. */
  get isEmpty(): boolean {
    return this.length === 0 && this.#missed === 0
  }

  push(event: FileEvent): void {
    this.#items.push(event)
  }

  /** Puts events before all others. */
  putFront(events: readonly FileEvent[]): void {
    this.#items = events.concat(this.#told(), this.#items.slice(this.#head))
    this.#head = 0
  }

  /** Drops the oldest event that may be dropped; false when there is none. */
  dropOldest(): boolean {
    while (this.#head < this.#items.length) {
      const event = this.#items[this.#head++]!
      if (event.isControl) {
        this.#spared.push(event)
        continue
      }
      this.drop(event)
      this.#compact()
      return true
    }
    this.#compact()
    return false
  }

  /** Counts an event as dropped that is not in the queue: it is newer than all that were. */
  drop(event: FileEvent): void {
    this.#missed++
    this.#lastMissed = event
  }

  /** The oldest events, so many at the most; a `WARNING` for those that were dropped comes on top. */
  take(most: number): FileEvent[] {
    const told = this.#told()
    const end = this.#head + Math.max(0, most - told.length)
    const batch = told.concat(this.#items.slice(this.#head, end))
    this.#head = Math.min(end, this.#items.length)
    this.#compact()
    return batch
  }

  clear(): void {
    this.#items = []
    this.#head = 0
    this.#spared = []
    this.#missed = 0
  }

  /** What comes first: events that were spared, and the one that tells of those that were not, by their numbers. */
  #told(): FileEvent[] {
    const spared = this.#spared
    if (this.#missed === 0) {
      this.#spared = []
      return spared
    }
    const warning = this.#warning(this.#lastMissed!)
    const at = spared.findIndex(({ seq }) => seq > warning.seq)
    this.#spared = []
    this.#missed = 0
    this.#lastMissed = undefined
    this.warnings++
    return at === -1 ? [...spared, warning] : [...spared.slice(0, at), warning, ...spared.slice(at)]
  }

  // The place in the sequence is that of the last event dropped, so that no number is used twice.
  #warning(last: FileEvent): FileEvent {
    const message = `${this.#missed} events before this one were dropped, for this sink was too slow`
    return new FileEvent({
      timestampMicros: last.timestampMicros,
      seq: last.seq,
      eventType: 'WARNING',
      filePath: '',
      source: last.source,
      controlDetails: { code: 'FSFLOW_EVENTS_DROPPED', message, counts: { dropped: this.#missed } },
    })
  }

  #compact(): void {
    if (this.#head * 2 <= this.#items.length && this.#head < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
