import type { SchedulerLike, Subscription } from 'rxjs'
import type { EventType, FileEvent } from '../../events/index.js'
import { parentOf, rawOldPathOf, rawPathOf } from './pathBytes.js'
import { markReplacing } from './replacingBirths.js'

interface Move {
  readonly event: FileEvent
  readonly path: string
  readonly directory: string
  readonly since: number
}

const entryTypes: ReadonlySet<EventType> = new Set<EventType>([
  'CREATE',
  'DELETE',
  'MOVED_FROM',
  'MOVED_TO',
  'RENAME',
])

/** The `MOVED_FROM` halves of one stream that wait for their `MOVED_TO`. */
export class PendingMoves {
  readonly #window: number
  readonly #scheduler: SchedulerLike
  readonly #emit: (event: FileEvent) => void
  // In order of arrival. No two wait in one directory: the second is the proof that the first stays alone.
  readonly #byCookie = new Map<number, Move>()
  readonly #byDirectory = new Map<string, Move>()
  #timer: Subscription | undefined
  #extended = false

  constructor(window: number, scheduler: SchedulerLike, emit: (event: FileEvent) => void) {
    this.#window = window
    this.#scheduler = scheduler
    this.#emit = emit
  }

  take(event: FileEvent): void {
    const { eventType } = event
    if (this.#byCookie.size === 0 && eventType !== 'MOVED_FROM' && eventType !== 'MOVED_TO') {
      this.#emit(event)
    } else if (event.isControl) {
      if (eventType === 'OVERFLOW' || eventType === 'MONITOR_STOP') this.flush()
      this.#emit(event)
    } else if (event.filePath === '') {
      this.#emit(event)
    } else if (eventType === 'MOVED_TO') {
      this.#join(event)
    } else {
      if (this.#byCookie.size > 0) this.#settle(event)
      if (eventType === 'MOVED_FROM') this.#wait(event)
      else this.#emit(event)
    }
  }

  /** Emits the waiting halves as they are: alone. */
  flush(): void {
    for (const move of this.#byCookie.values()) this.#leaveAlone(move)
  }

  /** Forgets the waiting halves. */
  drop(): void {
    this.#timer?.unsubscribe()
    this.#byCookie.clear()
    this.#byDirectory.clear()
  }

  #wait(event: FileEvent): void {
    const { cookie } = event
    if (cookie === undefined) {
      this.#emit(event.with({ eventType: 'DELETE' }))
      return
    }
    const namesake = this.#byCookie.get(cookie)
    if (namesake !== undefined) this.#leaveAlone(namesake)
    const path = rawPathOf(event)
    const move = { event, path, directory: parentOf(path), since: this.#scheduler.now() }
    this.#byCookie.set(cookie, move)
    this.#byDirectory.set(move.directory, move)
    if (this.#timer === undefined) this.#schedule(this.#window)
  }

  #join(event: FileEvent): void {
    const move = event.cookie === undefined ? undefined : this.#byCookie.get(event.cookie)
    if (move !== undefined) this.#forget(move)
    if (this.#byCookie.size > 0) this.#settle(event)
    if (move !== undefined && event.isDirectory) this.#settleBelow(move.path)
    if (move === undefined) {
      this.#emit(markReplacing(event.with({ eventType: 'CREATE', cookie: undefined })))
      return
    }
    this.#emit(
      event.with({
        eventType: 'RENAME',
        oldPath: move.event.filePath,
        oldPathBytes: move.event.filePathBytes,
        cookie: undefined,
      }),
    )
  }

  /** Ends the wait of the halves that, as `event` proves, stay alone. */
  #settle(event: FileEvent): void {
    this.#settleAt(rawPathOf(event), event)
    if (event.eventType === 'RENAME') this.#settleAt(rawOldPathOf(event), event)
  }

  /** Ends the wait of what left a directory before its path means something else. */
  #settleBelow(directory: string): void {
    for (const move of this.#byCookie.values()) {
      if (move.path.startsWith(directory + '/')) this.#leaveAlone(move)
    }
  }

  #settleAt(path: string, event: FileEvent): void {
    if (event.isDirectory && event.eventType !== 'MOVED_FROM' && entryTypes.has(event.eventType)) {
      this.#settleBelow(path)
    }
    const move = this.#byDirectory.get(parentOf(path))
    if (move === undefined) return
    // A scan runs beside the kernel's queue, so what it finds proves nothing about the queue's order.
    const proof = path === move.path || (entryTypes.has(event.eventType) && !event.synthetic)
    if (proof) this.#leaveAlone(move)
  }

  #leaveAlone(move: Move): void {
    this.#forget(move)
    this.#emit(move.event.with({ eventType: 'DELETE', cookie: undefined }))
  }

  #forget(move: Move): void {
    this.#byCookie.delete(move.event.cookie!)
    if (this.#byDirectory.get(move.directory) === move) this.#byDirectory.delete(move.directory)
    if (this.#byCookie.size > 0) return
    this.#timer?.unsubscribe()
    this.#timer = undefined
    this.#extended = false
  }

  #schedule(delay: number): void {
    const due = this.#scheduler.now() + delay
    this.#timer?.unsubscribe()
    this.#timer = this.#scheduler.schedule(() => {
      this.#timer = undefined
      this.#expire(this.#scheduler.now() - due)
    }, delay)
  }

  #expire(lateness: number): void {
    // When the timer itself came late, the second half may be waiting to be read just as the timer was.
    this.#extended = !this.#extended && lateness > this.#window
    if (this.#extended) {
      this.#schedule(this.#window)
      return
    }
    const now = this.#scheduler.now()
    for (const move of this.#byCookie.values()) {
      const waited = now - move.since
      // A wall clock that was set back must not make the wait longer.
      if (waited >= 0 && waited < this.#window) {
        this.#schedule(this.#window - waited)
        return
      }
      this.#leaveAlone(move)
    }
  }
}
