import { SimulatedFilesystem } from '../../src/testing/simulatedFilesystem.js'
import type { SimulatedHandle } from '../../src/testing/simulatedHandle.js'
import type { OpenFlags } from '../../src/testing/simulatedSyscalls.js'
import type { InotifyRecord } from '../../src/watching/port.js'
import { Handles, type World } from './World.js'

export class SimulatedWorld implements World {
  readonly fs = new SimulatedFilesystem()
  readonly inotify
  readonly #top: string
  readonly #handles = new Handles<SimulatedHandle>((handle) => handle.close())

  constructor(top: string, options: Parameters<SimulatedFilesystem['inotify']>[0] = {}) {
    this.#top = top
    this.fs.mkdirp(top, 0o777)
    this.inotify = this.fs.inotify(options)
  }

  mkdir(path: string): void {
    this.fs.mkdir(this.#top + path)
  }

  mknod(path: string): void {
    this.fs.mknod(this.#top + path)
  }

  symlink(path: string, target: string): void {
    this.fs.symlink(target, this.#top + path)
  }

  link(path: string, to: string): void {
    this.fs.link(this.#top + path, this.#top + to)
  }

  rename(path: string, to: string): void {
    this.fs.rename(this.#top + path, this.#top + to)
  }

  exchange(path: string, to: string): void {
    this.fs.exchange(this.#top + path, this.#top + to)
  }

  unlink(path: string): void {
    this.fs.unlink(this.#top + path)
  }

  rmdir(path: string): void {
    this.fs.rmdir(this.#top + path)
  }

  chmod(path: string, mode: number): void {
    this.fs.chmod(this.#top + path, mode)
  }

  utimes(path: string): void {
    this.fs.utimes(this.#top + path)
  }

  truncate(path: string, length: number): void {
    this.fs.truncate(this.#top + path, length)
  }

  list(path: string): string[] {
    return this.fs.list(this.#top + path).sort()
  }

  open(path: string, flags: OpenFlags, handle: number): void {
    this.#handles.open(handle, () => this.fs.open(this.#top + path, flags))
  }

  read(handle: number): string {
    return this.#handles.get(handle).read(4)
  }

  write(handle: number, text: string): void {
    this.#handles.get(handle).write(text)
  }

  cut(handle: number): void {
    this.fs.truncate(this.#handles.get(handle), 1)
  }

  fchmod(handle: number): void {
    this.fs.chmod(this.#handles.get(handle), 0o711)
  }

  close(handle: number): void {
    this.#handles.close(handle)
  }

  watch(path: string, mask: number): number {
    return this.inotify.addWatch(this.#top + path, mask)
  }

  unwatch(wd: number): void {
    this.inotify.removeWatch(wd)
  }

  drain(): InotifyRecord[] {
    return this.inotify.read()
  }

  paths(): string[] {
    return [...this.fs.tree(this.#top).keys()].map((path) => path.slice(this.#top.length)).sort()
  }

  lstat(path: string): { type: string; changed: number } {
    const { type, changedAt } = this.fs.lstat(this.#top + path)
    return { type, changed: changedAt }
  }

  look(path: string): unknown {
    const entries = this.inotify.list(this.#top + path)
    const found = this.inotify.identify(this.#top + path)
    return [
      typeof entries === 'number' ? entries : entries.map(({ name }) => name).sort(),
      typeof found === 'number' ? found : found.type,
    ]
  }

  end(): void {
    this.inotify.close()
  }
}
