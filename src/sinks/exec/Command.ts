import { spawn, type ChildProcess } from 'node:child_process'
import type { FileEvent } from '../../events/index.js'
import { toNdjson } from '../../formats/index.js'
import { environmentOf } from './environmentOf.js'

/** How a run of a command ended. */
export interface CommandEnd {
  /** Why it could not be started. */
  readonly error?: Error
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
}

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 1000

// What still runs when this process ends would go on without anybody who waits for it.
const running = new Set<Command>()
let hooked = false

function hookExit(): void {
  if (hooked) return
  hooked = true
  process.on('exit', () => {
    for (const command of running) command.signal('SIGKILL')
  })
}

/**
 * One run of a command, with events on its standard input, one JSON object a line.
 *
 * It is the leader of a process group, so that what it starts ends with it.
 */
export class Command {
  /** Never rejects. */
  readonly ended: Promise<CommandEnd>
  readonly #child: ChildProcess
  #timedOut = false
  #kill: NodeJS.Timeout | undefined

  /** `timeout` in milliseconds, `Infinity` for none. */
  constructor(argv: readonly string[], events: readonly FileEvent[], timeout: number) {
    hookExit()
    const [program, ...rest] = argv
    this.#child = spawn(program!, rest, {
      detached: true,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...process.env, ...environmentOf(events) },
    })
    running.add(this)
    const timer =
      timeout === Infinity
        ? undefined
        : setTimeout(() => {
            this.#timedOut = true
            this.stop()
          }, timeout)
    this.ended = new Promise((resolve) => {
      const end = (how: Omit<CommandEnd, 'timedOut'>): void => {
        clearTimeout(timer)
        clearTimeout(this.#kill)
        running.delete(this)
        resolve({ ...how, timedOut: this.#timedOut })
      }
      this.#child.on('error', (error) => {
        // Of a signal that could not be sent nothing is to be told.
        if (this.#child.pid === undefined) end({ error, code: null, signal: null })
      })
      this.#child.on('exit', (code, signal) => end({ code, signal }))
    })
    // A command need not read its input, nor all of it.
    this.#child.stdin!.on('error', () => undefined)
    this.#child.stdin!.end(events.map(toNdjson).join(''))
  }

  /** Asks it to end, and ends it when it does not. */
  stop(): void {
    if (this.#kill !== undefined) return
    this.signal('SIGTERM')
    this.#kill = setTimeout(() => this.signal('SIGKILL'), GRACE)
  }

  /** Sends a signal to it and to all that it has started. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // It has ended by itself.
    }
  }
}
