import fc from 'fast-check'
import type { FileEvent } from '../../src/events/index.js'
import { fileEvent } from '../../src/testing/index.js'

type Kind =
  | 'create'
  | 'mkdir'
  | 'write'
  | 'read'
  | 'chmod'
  | 'remove'
  | 'moveOut'
  | 'moveInFile'
  | 'moveInTree'
  | 'rename'

/**
 * What a program does. `entry` and `place` choose among what is there and what could be there at that time, so
 * that nearly every action can be done.
 */
export interface Action {
  readonly kind: Kind
  readonly entry: number
  readonly place: number
}

// Few names, so that paths are taken, left and taken again.
const names = ['a', 'b']
const top = ['/a', '/b', '/c']
const middle = top.flatMap((above) => names.map((name) => `${above}/${name}`))
const paths = [...top, ...middle, ...middle.flatMap((above) => names.map((name) => `${above}/${name}`))]

export const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Kind>('rename') },
    { weight: 6, arbitrary: fc.constantFrom<Kind>('create', 'mkdir', 'remove') },
    { weight: 4, arbitrary: fc.constantFrom<Kind>('write', 'read', 'chmod') },
    { weight: 3, arbitrary: fc.constantFrom<Kind>('moveOut', 'moveInFile', 'moveInTree') },
  ),
  entry: fc.nat(1000),
  place: fc.nat(1000),
})

/** A tree that tells its changes as the kernel and a recursive source do: raw, with cookies. */
export class ActedTree {
  /** Path to whether it is a directory. */
  readonly entries = new Map<string, boolean>()
  /** Path to the seq of its last change of content. */
  readonly written = new Map<string, number>()
  #seq = 0
  #cookie = 0

  act({ kind, entry, place }: Action): FileEvent[] {
    const at = [...this.entries.keys()][entry % Math.max(1, this.entries.size)]
    const free = (isDirectory: boolean): string | undefined => {
      const places = paths.filter((path) => this.#mayArrive(path, isDirectory))
      return places[place % Math.max(1, places.length)]
    }
    switch (kind) {
      case 'create':
      case 'mkdir': {
        const to = free(kind === 'mkdir')
        return to === undefined || this.entries.has(to) ? [] : this.#birth(to, kind === 'mkdir')
      }
      case 'moveInFile':
      case 'moveInTree': {
        const to = free(kind === 'moveInTree')
        if (to === undefined) return []
        return kind === 'moveInTree' ? this.#moveInTree(to) : this.#moveIn(to, false)
      }
      default:
        return at === undefined ? [] : this.#actOn(at, kind, free(this.entries.get(at)!))
    }
  }

  #actOn(at: string, kind: Kind, place: string | undefined): FileEvent[] {
    const isDirectory = this.entries.get(at)!
    switch (kind) {
      case 'write':
        return isDirectory ? [] : [this.#content('MODIFY', at), this.#content('CLOSE_WRITE', at)]
      case 'read':
        return isDirectory ? [] : [this.#event('OPEN', at), this.#event('CLOSE_NOWRITE', at)]
      case 'chmod':
        return [this.#event('ATTRIB', at)]
      case 'remove':
        return this.#remove(at)
      case 'moveOut':
        return this.#moveOut(at)
      default:
        return place === undefined ? [] : this.#rename(at, place, isDirectory)
    }
  }

  listing(): string[] {
    return [...this.entries].map(([at, isDirectory]) => at + (isDirectory ? '/' : '')).sort()
  }

  #event(type: string, at: string, cookie?: number): FileEvent {
    const slash = this.entries.get(at) === true ? '/' : ''
    const end = cookie === undefined ? '' : ` #${cookie}`
    return fileEvent(`${type} ${at}${slash}${end}`, { seq: ++this.#seq })
  }

  #content(type: string, at: string): FileEvent {
    const event = this.#event(type, at)
    this.written.set(at, event.seq)
    return event
  }

  #birth(at: string, isDirectory: boolean): FileEvent[] {
    this.entries.set(at, isDirectory)
    return [this.#content('CREATE', at)]
  }

  #remove(at: string): FileEvent[] {
    const events = this.#childrenOf(at).flatMap((child) => this.#remove(child))
    events.push(this.#event('DELETE', at))
    this.#forget(at)
    return events
  }

  #moveOut(at: string): FileEvent[] {
    const event = this.#event('MOVED_FROM', at, ++this.#cookie)
    this.#forget(at)
    return [event]
  }

  #moveIn(at: string, isDirectory: boolean): FileEvent[] {
    this.entries.set(at, isDirectory)
    const event = this.#event('MOVED_TO', at, ++this.#cookie)
    this.written.set(at, event.seq)
    return [event]
  }

  #moveInTree(at: string): FileEvent[] {
    const events = this.#moveIn(at, true)
    if (paths.includes(`${at}/a`)) {
      const inner = [`${at}/a`, paths.includes(`${at}/b/c`) ? `${at}/b/c` : `${at}/b`]
      for (const file of inner) {
        const parent = file.slice(0, file.lastIndexOf('/'))
        if (!this.entries.has(parent)) events.push(...this.#birth(parent, true))
        events.push(...this.#birth(file, false))
      }
    }
    return events.map((event) => (event.eventType === 'CREATE' ? event.with({ synthetic: true }) : event))
  }

  #rename(from: string, to: string, isDirectory: boolean): FileEvent[] {
    const impossible = from === to || to.startsWith(`${from}/`) || !this.#mayArrive(to, isDirectory)
    if (impossible || this.#tooDeep(from, to)) return []
    const cookie = ++this.#cookie
    const left = this.#event('MOVED_FROM', from, cookie)
    for (const old of [...this.entries.keys()]) {
      if (old !== from && !old.startsWith(`${from}/`)) continue
      const now = to + old.slice(from.length)
      this.entries.set(now, this.entries.get(old)!)
      this.written.set(now, this.written.get(old) ?? 0)
      this.entries.delete(old)
      this.written.delete(old)
    }
    return [left, this.#event('MOVED_TO', to, cookie)]
  }

  /** rename(2): a file may replace a file, a directory an empty one. */
  #mayArrive(at: string, isDirectory: boolean): boolean {
    const taken = this.entries.get(at)
    if (!this.#hasParent(at)) return false
    return taken === undefined || (taken === isDirectory && this.#childrenOf(at).length === 0)
  }

  #tooDeep(from: string, to: string): boolean {
    return [...this.entries.keys()].some(
      (old) => old.startsWith(`${from}/`) && !paths.includes(to + old.slice(from.length)),
    )
  }

  #hasParent(at: string): boolean {
    const parent = at.slice(0, at.lastIndexOf('/'))
    return parent === '' || this.entries.get(parent) === true
  }

  #childrenOf(at: string): string[] {
    return [...this.entries.keys()].filter(
      (other) => other.startsWith(`${at}/`) && !other.includes('/', at.length + 1),
    )
  }

  #forget(at: string): void {
    for (const other of [...this.entries.keys()]) {
      if (other !== at && !other.startsWith(`${at}/`)) continue
      this.entries.delete(other)
      this.written.delete(other)
    }
  }
}
