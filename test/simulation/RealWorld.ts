import * as fs from 'node:fs'
import type { OpenFlags } from '../../src/testing/simulatedSyscalls.js'
import type { InotifyRecord } from '../../src/watching/port.js'
import { bytes, exchange, makeSocket, truncatePath, type RealInotify } from './RealKernel.js'
import { Handles, type World } from './World.js'

export class RealWorld implements World {
  readonly inotify: RealInotify
  readonly #top: string
  readonly #handles = new Handles<number>((fd) => fs.closeSync(fd))

  /** The directory is made, with those above it; the inotify instance is reset. */
  constructor(top: string, inotify: RealInotify) {
    inotify.reset()
    this.inotify = inotify
    this.#top = top
    fs.mkdirSync(top, { recursive: true })
    fs.chmodSync(top, 0o777)
  }

  mkdir(path: string): void {
    fs.mkdirSync(this.#path(path))
  }

  mknod(path: string): void {
    makeSocket(this.#top + path)
  }

  symlink(path: string, target: string): void {
    fs.symlinkSync(bytes(target), this.#path(path))
  }

  link(path: string, to: string): void {
    fs.linkSync(this.#path(path), this.#path(to))
  }

  rename(path: string, to: string): void {
    fs.renameSync(this.#path(path), this.#path(to))
  }

  exchange(path: string, to: string): void {
    exchange(this.#top + path, this.#top + to)
  }

  unlink(path: string): void {
    fs.unlinkSync(this.#path(path))
  }

  rmdir(path: string): void {
    fs.rmdirSync(this.#path(path))
  }

  chmod(path: string, mode: number): void {
    fs.chmodSync(this.#path(path), mode)
  }

  utimes(path: string): void {
    fs.utimesSync(this.#path(path), 1, 1)
  }

  truncate(path: string, length: number): void {
    truncatePath(this.#top + path, length)
  }

  list(path: string): string[] {
    return fs.readdirSync(this.#path(path), { encoding: 'latin1' }).sort()
  }

  open(path: string, flags: OpenFlags, handle: number): void {
    this.#handles.open(handle, () => fs.openSync(this.#path(path), flags))
  }

  read(handle: number): string {
    const buffer = Buffer.alloc(4)
    return buffer.toString('latin1', 0, fs.readSync(this.#handles.get(handle), buffer))
  }

  write(handle: number, text: string): void {
    fs.writeSync(this.#handles.get(handle), text)
  }

  cut(handle: number): void {
    fs.ftruncateSync(this.#handles.get(handle), 1)
  }

  fchmod(handle: number): void {
    fs.fchmodSync(this.#handles.get(handle), 0o711)
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
    const found: string[] = []
    const walk = (directory: string): void => {
      for (const name of fs.readdirSync(this.#path(directory), { encoding: 'latin1' })) {
        const path = `${directory}/${name}`
        found.push(path)
        if (this.lstat(path).type === 'directory') walk(path)
      }
    }
    walk('')
    return found.sort()
  }

  lstat(path: string): { type: string; changed: number } {
    const stat = fs.lstatSync(this.#path(path), { bigint: true })
    return { type: typeOf(stat), changed: Number(stat.ctimeNs) }
  }

  look(path: string): unknown {
    const type = attempt(() => this.lstat(path).type)
    const flags = fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW
    const opened = attempt(() => {
      fs.closeSync(fs.openSync(this.#path(path), flags))
      return this.list(path)
    })
    return [opened, type]
  }

  end(): void {
    this.#handles.closeAll()
  }

  #path(path: string): Buffer {
    return bytes(this.#top + path)
  }
}

function attempt(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return (error as { errno?: unknown }).errno
  }
}

function typeOf(stat: fs.BigIntStats): string {
  if (stat.isDirectory()) return 'directory'
  if (stat.isSymbolicLink()) return 'symlink'
  return stat.isFile() ? 'file' : 'other'
}
