import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ContentCapture } from '../../src/operators/content/ContentCapture.js'

export interface MemoryUse {
  /** The most bytes of contents and previews that captureContent held after an event, by its own count. */
  readonly contentBytes: number
  /** The most bytes of heap and external memory after a collection, more than before the load. */
  readonly heldBytes: number
  /** The most bytes of resident memory, more than before the load, with what was not collected yet. */
  readonly residentBytes: number
  /** The peak of the resident memory of this process, of all its life until the end of the load. */
  readonly peakResidentBytes: number
}

const RESIDENT_MS = 50

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that are held, not those that are only not collected yet. */
export function held(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Looks at the memory of this process, and of the contents in it, until it is stopped. */
export class MemoryWatch {
  readonly #idleResident = process.memoryUsage().rss
  readonly #idleHeld = held()
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #restore: () => void
  #content = 0
  #held = 0
  #resident = 0

  constructor(lookMs: number) {
    this.#restore = eachCapture((bytes) => (this.#content = Math.max(this.#content, bytes)))
    this.#timers = [setInterval(() => this.#look(), lookMs), setInterval(() => this.#weigh(), RESIDENT_MS)]
  }

  stop(): MemoryUse {
    for (const timer of this.#timers) clearInterval(timer)
    this.#restore()
    this.#look()
    return {
      contentBytes: this.#content,
      heldBytes: this.#held,
      residentBytes: this.#resident,
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    }
  }

  #look(): void {
    this.#weigh()
    this.#held = Math.max(this.#held, held() - this.#idleHeld)
  }

  #weigh(): void {
    this.#resident = Math.max(this.#resident, process.memoryUsage().rss - this.#idleResident)
  }
}

/** Tells after each captured content what all of them take by then. No option of captureContent does. */
function eachCapture(tell: (bytes: number) => void): () => void {
  const { prototype } = ContentCapture
  const learn = Object.getOwnPropertyDescriptor(prototype, 'learn')!
  const original = learn.value as ContentCapture['learn']
  const told: ContentCapture['learn'] = function (this: ContentCapture, event, answer) {
    const result = original.call(this, event, answer)
    tell(this.heldBytes)
    return result
  }
  Object.defineProperty(prototype, 'learn', { ...learn, value: told })
  return () => Object.defineProperty(prototype, 'learn', learn)
}
