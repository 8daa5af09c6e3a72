import { link, rename, unlink } from 'node:fs/promises'
import type { Subscription } from 'rxjs'
import type { OwnAct, OwnFile, RunContext } from '../../contracts/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { openCurrent, type CurrentFile, type FilePlace } from './currentFile.js'
import { statFd } from './descriptors.js'
import type { Output, WriteFailure } from './Output.js'
import { RotatedFiles, whatIsAt, type Keeping } from './RotatedFiles.js'
import { openError } from './sinkErrors.js'

export interface Rotation extends Keeping {
  /** Bytes. */
  readonly size: number
  /** Milliseconds. */
  readonly interval: number
}

// After a rotation that did not work, such as on a full disk, the file is written on for so long.
const retryAfter = 60_000

const nothing = Buffer.alloc(0)

/**
 * A regular file that is put aside under another name when it is full or its time is over, and opened anew when it is
 * asked to be. Writes and rotations take turns, so that no event is cut in two.
 */
export class RotatingOutput implements Output {
  readonly size = 0
  readonly #place: FilePlace
  readonly #rotation: Rotation | undefined
  readonly #context: RunContext
  readonly #header: Buffer
  readonly #aside: RotatedFiles
  readonly #closing = new AbortController()
  readonly #reopening: Subscription | undefined
  #current: CurrentFile
  #turn: Promise<unknown> = Promise.resolve()
  #tidying: Promise<void> = Promise.resolve()
  #retryAt = 0

  static async open(
    place: FilePlace,
    rotation: Rotation | undefined,
    context: RunContext,
  ): Promise<RotatingOutput> {
    const current = await openCurrent(place, place.path)
    const aside = new RotatedFiles(place.path, (act) => context.announce?.(act))
    try {
      if (rotation !== undefined) await aside.find(current.own)
    } catch (error) {
      await current.output.close()
      throw openError(place, error)
    }
    return new RotatingOutput(place, rotation, context, current, aside)
  }

  private constructor(
    place: FilePlace,
    rotation: Rotation | undefined,
    context: RunContext,
    current: CurrentFile,
    aside: RotatedFiles,
  ) {
    this.#place = place
    this.#rotation = rotation
    this.#context = context
    this.#header = Buffer.from(place.header)
    this.#current = current
    this.#aside = aside
    this.#reopening = context.reopen?.subscribe(() => void this.#inTurn(() => this.#tryTo('opened anew')))
    this.#tidy()
  }

  get ownFiles(): readonly OwnFile[] {
    return [this.#current.own]
  }

  write(data: string | Buffer, recordSizes: () => readonly number[]): Promise<WriteFailure | undefined> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    return this.#inTurn(() => this.#write(bytes, recordSizes))
  }

  close(): Promise<void> {
    this.#reopening?.unsubscribe()
    // What is not compressed by now, the next run will.
    this.#closing.abort()
    return this.#inTurn(async () => {
      await this.#tidying
      await this.#current.output.close()
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #write(bytes: Buffer, recordSizes: () => readonly number[]): Promise<WriteFailure | undefined> {
    if (this.#isTimeOver()) await this.#tryTo('rotated')
    if (this.#hasRoom(bytes.length)) return this.#append(bytes, recordSizes)
    const sizes = recordSizes()
    for (let from = 0, at = 0; from < sizes.length;) {
      if (this.#current.size > 0 && !this.#hasRoom(sizes[from]!)) await this.#tryTo('rotated')
      let length = sizes[from]!
      let to = from + 1
      while (to < sizes.length && this.#hasRoom(length + sizes[to]!)) length += sizes[to++]!
      const failure = await this.#append(bytes.subarray(at, at + length), () => sizes.slice(from, to))
      if (failure !== undefined) return { cause: failure.cause, whole: from + failure.whole }
      at += length
      from = to
    }
    return undefined
  }

  async #append(bytes: Buffer, sizes: () => readonly number[]): Promise<WriteFailure | undefined> {
    const current = this.#current
    const header = this.#headerDue()
    const before = header.length > 0 ? [header.length] : []
    const data = header.length > 0 ? Buffer.concat([header, bytes]) : bytes
    const failure = await current.output.write(data, () => [...before, ...sizes()])
    // Others may have added to it, or cut it.
    current.size = Number((await statFd(current.fd)).size)
    return failure && { cause: failure.cause, whole: Math.max(0, failure.whole - before.length) }
  }

  #headerDue(): Buffer {
    return this.#current.size === 0 ? this.#header : nothing
  }

  #hasRoom(length: number): boolean {
    const { size = Infinity } = this.#rotation ?? {}
    const after = this.#current.size + this.#headerDue().length + length
    return after <= size || performance.now() < this.#retryAt
  }

  #isTimeOver(): boolean {
    const { interval = Infinity } = this.#rotation ?? {}
    const { size, begun } = this.#current
    const isOver = Math.floor(Date.now() / interval) > Math.floor(begun / interval)
    return size > 0 && isOver && performance.now() >= this.#retryAt
  }

  // Until there is a new file, the old one stays open: whatever fails, events have a place to go.
  async #tryTo(what: 'rotated' | 'opened anew'): Promise<void> {
    const { path } = this.#place
    try {
      const there = await whatIsAt(path)
      if (there === undefined) await this.#create(this.#aside.nextPath())
      else if (there.dev !== this.#current.own.dev || there.ino !== this.#current.own.ino) {
        // Another program has moved the file away, and made a new one.
        if (there.isFile()) this.#announce({ path: this.#current.own.path, dev: there.dev, ino: there.ino })
        await this.#replace(await openCurrent(this.#place, path))
      } else if (what === 'rotated') await this.#rotate()
    } catch (error) {
      if (what === 'rotated') this.#retryAt = performance.now() + retryAfter
      this.#report(what, error)
    }
  }

  // By a second name, and not by rename(2): there is a file at the path at any time.
  async #rotate(): Promise<void> {
    const aside = this.#aside.nextPath()
    this.#announce({ type: 'CREATE', path: aside })
    await link(this.#place.path, aside)
    try {
      await this.#create(aside)
    } catch (error) {
      this.#announce({ type: 'DELETE', path: aside })
      await unlink(aside)
      throw error
    }
    this.#aside.add(aside)
    this.#tidy()
  }

  // It takes its place when the source has been told which file it is.
  async #create(aside: string): Promise<void> {
    const { path } = this.#place
    const name = `${aside}.new`
    this.#announce({ type: 'CREATE', path: name })
    const opened = await openCurrent(this.#place, name, { isNew: true })
    const next = { ...opened, own: { ...opened.own, path: this.#current.own.path } }
    try {
      this.#announce({ ...next.own, at: name })
      this.#announce({ type: 'MOVED_FROM', path: name })
      await rename(name, path)
    } catch (error) {
      this.#announce({ type: 'DELETE', path: name })
      await unlink(name).catch(() => undefined)
      await next.output.close()
      throw error
    }
    await this.#replace(next)
  }

  async #replace(next: CurrentFile): Promise<void> {
    const last = this.#current
    this.#announce(next.own)
    this.#current = next
    await last.output.close()
  }

  #tidy(): void {
    const rotation = this.#rotation
    if (rotation === undefined) return
    const { signal } = this.#closing
    this.#tidying = this.#tidying
      .then(() => this.#aside.tidy(rotation, signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#report('compressed, or old ones of it removed', error)
      })
  }

  #announce(own: OwnAct | OwnFile): void {
    this.#context.announce?.(own)
  }

  #report(what: string, cause: unknown): void {
    const { owner, where, path } = this.#place
    this.#context.report({
      code: 'FSFLOW_SINK_ROTATE',
      message: `${owner}: ${where} cannot be ${what}: ${messageOf(cause)}`,
      path,
      hint: 'Events go on being written to the file that is open.',
      cause,
    })
  }
}
