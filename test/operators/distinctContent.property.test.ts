import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Observable, Subject, VirtualTimeScheduler } from 'rxjs'
import type { FileEvent } from '../../src/events/index.js'
import { distinctContent } from '../../src/operators/index.js'
import { fileEvent } from '../../src/testing/index.js'

const WINDOW = 20

interface File {
  content: string
  /** What a consumer may have when it goes by the last event: what was read, or what was there a little later. */
  told: readonly (string | undefined)[]
}

type Kind = 'write' | 'truncate' | 'close' | 'create' | 'delete' | 'rename' | 'exchange' | 'renameDirectory'

interface Step {
  readonly kind: Kind
  readonly from: number
  readonly to: number
  readonly content: string
  /** Milliseconds since the step before, until its events arrive, and until a look-up then has its answer. */
  readonly after: number
  readonly latency: number
  readonly reading: number
}

const names = ['/a', '/d/a', '/d/b', '/e/a']

/** Files with content, whose events come late and whose content is read even later. */
class World {
  readonly files = new Map<string, File>()
  readonly passed: FileEvent[] = []
  readonly scheduler = new VirtualTimeScheduler()
  readonly #about = new Map<number, File>()
  readonly #input = new Subject<FileEvent>()
  #seq = 0
  #arrival = 0
  #reading = 0
  #answer: { readonly file: File; readonly content: string } | undefined

  constructor(maxPaths: number) {
    for (const name of names.slice(0, 3)) this.files.set(name, { content: 'x', told: ['x'] })
    const lookup = (path: string) => this.#lookup(path)
    this.#input
      .pipe(distinctContent({ lookup, window: WINDOW, maxPaths, scheduler: this.scheduler }))
      .subscribe((event) => this.#takeNote(event))
  }

  act({ kind, from, to, content, latency, reading }: Step): void {
    const [path, other] = [names[from % names.length]!, names[to % names.length]!]
    const file = this.files.get(path)
    const tell = (text: string, about = file) => this.#tell(text, about, latency)
    this.#reading = reading
    if (kind === 'create' && file === undefined) {
      this.files.set(path, { content: '', told: [] })
      tell(`CREATE ${path}`, this.files.get(path))
    } else if (kind === 'renameDirectory') {
      this.#renameDirectory(latency)
    } else if (file === undefined || (path === other && (kind === 'rename' || kind === 'exchange'))) {
      return
    } else if (kind === 'write' || kind === 'truncate') {
      file.content = kind === 'write' ? content : ''
      tell(`MODIFY ${path}`)
    } else if (kind === 'close') {
      tell(`CLOSE_WRITE ${path}`)
    } else if (kind === 'delete') {
      this.files.delete(path)
      tell(`DELETE ${path}`)
    } else {
      const displaced = this.files.get(other)
      this.files.set(other, file)
      this.files.delete(path)
      tell(`RENAME ${path} -> ${other}`)
      if (kind === 'rename' || displaced === undefined) return
      // As inotify tells an exchange: there and back.
      this.files.set(path, displaced)
      tell(`RENAME ${other} -> ${path}`, displaced)
    }
  }

  #renameDirectory(latency: number): void {
    const [from, to] = this.files.has('/e/a') ? ['/e', '/d'] : ['/d', '/e']
    if (['/a', '/b'].some((name) => this.files.has(to + name))) return
    const renamed = ['/a', '/b'].filter((name) => this.files.has(from + name))
    for (const name of renamed) {
      this.files.set(to + name, this.files.get(from + name)!)
      this.files.delete(from + name)
    }
    this.#tell(`RENAME ${from}/ -> ${to}/`, undefined, latency)
  }

  #tell(text: string, about: File | undefined, latency: number): void {
    const event = fileEvent(text, { seq: ++this.#seq })
    if (about !== undefined) this.#about.set(event.seq, about)
    this.#arrival = Math.max(this.#arrival, this.scheduler.now() + latency)
    this.scheduler.schedule(() => this.#input.next(event), this.#arrival - this.scheduler.now())
  }

  #lookup(path: string): Observable<string | null> {
    return new Observable((subscriber) => {
      const file = this.files.get(path)
      const content = file?.content ?? ''
      const identity = file === undefined ? null : `${[...this.#about.values()].indexOf(file)} ${content}`
      const answer = (): void => {
        if (file !== undefined) this.#answer = { file, content }
        subscriber.next(identity)
        this.#answer = undefined
      }
      if (this.#reading === 0) answer()
      else return this.scheduler.schedule(answer, this.#reading)
    })
  }

  #takeNote(event: FileEvent): void {
    this.passed.push(event)
    const file = this.#about.get(event.seq)
    if (file === undefined || event.eventType === 'RENAME') return
    file.told = [file.content, this.#answer?.file === file ? this.#answer.content : undefined]
    this.#answer = undefined
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Kind>('write', 'close') },
    { weight: 3, arbitrary: fc.constantFrom<Kind>('truncate', 'rename', 'create') },
    { weight: 1, arbitrary: fc.constantFrom<Kind>('delete', 'exchange', 'renameDirectory') },
  ),
  from: fc.nat(3),
  to: fc.nat(3),
  content: fc.constantFrom('x', 'y'),
  after: fc.constantFrom(0, 0, 1, 5, 30),
  latency: fc.constantFrom(0, 0, 1, 8),
  reading: fc.constantFrom(0, 0, 1, 10),
})

const steps = fc.array(step, { maxLength: 40, size: 'max' })

function play(acts: readonly Step[], maxPaths: number): World {
  const world = new World(maxPaths)
  let time = 0
  for (const each of acts) {
    time += each.after
    world.scheduler.schedule(() => world.act(each), time)
  }
  world.scheduler.flush()
  return world
}

describe('distinctContent, whatever happens meanwhile', () => {
  it('tells a change of each file after its last byte', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(1, 2, 100), (acts, maxPaths) => {
        for (const { content, told } of play(acts, maxPaths).files.values()) expect(told).toContain(content)
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps the order, and leaves out nothing but changes of content', () => {
    fc.assert(
      fc.property(steps, (acts) => {
        const seqs = play(acts, 100).passed.map(({ seq }) => seq)
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
        expect(new Set(seqs).size).toBe(seqs.length)
      }),
      { numRuns: 500 },
    )
  })
})
