import { Observable, type Subscriber } from 'rxjs'
import type {
  CheckReport,
  OwnFile,
  RunContext,
  Sink,
  SinkWriter,
  Source,
  SourceRequest,
} from '../../src/contracts/index.js'
import { FileEvent, type EventType, type FileEventFields } from '../../src/events/index.js'

export function event(seq: number, eventType: EventType, filePath = '', more: Partial<FileEventFields> = {}) {
  return new FileEvent({
    timestampMicros: 1_700_000_000_000_000 + seq,
    seq,
    eventType,
    filePath,
    source: 'fake',
    ...more,
  })
}

/** A source that a test drives by hand; it completes when the run is stopped, unless it is deaf. */
export class FakeSource implements Source {
  readonly name = 'fake'
  readonly providesPaths: boolean
  readonly deaf: boolean
  context: RunContext | undefined
  request: SourceRequest | undefined
  closed = 0
  watches = 0
  report: CheckReport = { lines: [], problems: [] }
  onOpen: () => void = () => undefined
  #subscriber: Subscriber<FileEvent> | undefined
  #seq = 0

  constructor(options: { readonly providesPaths?: boolean; readonly deaf?: boolean } = {}) {
    this.providesPaths = options.providesPaths ?? true
    this.deaf = options.deaf ?? false
  }

  readonly stats = () => ({ watches: this.watches, ready: this.#seq > 0 })

  check(): Promise<CheckReport> {
    return Promise.resolve(this.report)
  }

  open(context: RunContext, request: SourceRequest): Observable<FileEvent> {
    this.context = context
    this.request = request
    return new Observable<FileEvent>((subscriber) => {
      this.#subscriber = subscriber
      if (!this.deaf) context.signal.addEventListener('abort', () => subscriber.complete())
      this.onOpen()
      return () => {
        this.closed++
      }
    })
  }

  emit(type: EventType, path = '', more: Partial<FileEventFields> = {}): void {
    this.#subscriber!.next(event(this.#seq++, type, path, more))
  }

  complete(): void {
    this.#subscriber!.complete()
  }

  fail(error: unknown): void {
    this.#subscriber!.error(error)
  }
}

/** A promise and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

/** A sink that keeps what it is given. Its hooks are replaced by the tests. */
export class FakeSink implements Sink {
  readonly name: string
  readonly description = 'keeps events in memory'
  readonly batches: (readonly FileEvent[])[] = []
  closed = 0
  opened = 0
  context: RunContext | undefined
  ownFiles: readonly OwnFile[] = []
  gone: Promise<void> | undefined
  beforeWrite: (batch: readonly FileEvent[]) => Promise<void> | void = () => undefined
  beforeClose: () => Promise<void> | void = () => undefined
  beforeOpen: () => Promise<void> | void = () => undefined
  checkError: Error | undefined
  #waiters: (() => void)[] = []

  constructor(name = 'memory') {
    this.name = name
  }

  get events(): FileEvent[] {
    return this.batches.flat()
  }

  get types(): EventType[] {
    return this.events.map(({ eventType }) => eventType)
  }

  /** Resolves when the sink has this many events. */
  async has(count: number): Promise<void> {
    while (this.events.length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  check(): Promise<void> {
    return this.checkError === undefined ? Promise.resolve() : Promise.reject(this.checkError)
  }

  async open(context: RunContext): Promise<SinkWriter> {
    this.context = context
    await this.beforeOpen()
    this.opened++
    return {
      ownFiles: this.ownFiles,
      ...(this.gone !== undefined && { gone: this.gone }),
      write: async (batch) => {
        await this.beforeWrite(batch)
        this.batches.push(batch)
        this.#waiters.splice(0).forEach((resolve) => resolve())
      },
      close: async () => {
        await this.beforeClose()
        this.closed++
      },
    }
  }
}

/** What the function throws; itself an error when it throws nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
