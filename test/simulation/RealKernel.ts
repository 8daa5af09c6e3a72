import * as fs from 'node:fs'
import { constants } from 'node:os'
import koffi from 'koffi'
import { INOTIFY } from '../../src/testing/simulatedNotify.js'
import type { InotifyRecord } from '../../src/watching/port.js'

type Call = (...args: unknown[]) => number

const libc = koffi.load(null)
const inotifyInit1 = libc.func('int inotify_init1(int)') as unknown as Call
const inotifyAddWatch = libc.func('int inotify_add_watch(int, const void *, uint32_t)') as unknown as Call
const inotifyRmWatch = libc.func('int inotify_rm_watch(int, int)') as unknown as Call
const readFd = libc.func('long read(int, void *, unsigned long)') as unknown as Call
const renameat2 = libc.func(
  'int renameat2(int, const void *, int, const void *, uint32_t)',
) as unknown as Call
const truncate = libc.func('int truncate(const void *, int64_t)') as unknown as Call
const mknod = libc.func('int mknod(const void *, uint32_t, uint64_t)') as unknown as Call
const setfsuid = libc.func('int setfsuid(uint32_t)') as unknown as Call

const codes = new Map(Object.entries(constants.errno).map(([code, number]) => [number, code]))
const CURRENT_DIRECTORY = -100
const SOCKET_NODE = 0o140644
const buffer = Buffer.alloc(4 << 20)

/** A path as the bytes that it stands for. */
export function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

function terminated(path: string): Buffer {
  return Buffer.from(`${path}\0`, 'latin1')
}

/** A result, or an error with the code of errno. */
function checked(result: number): number {
  if (result >= 0) return result
  const code = codes.get(koffi.errno()) ?? `errno ${koffi.errno()}`
  throw Object.assign(new Error(code), { code })
}

export function exchange(a: string, b: string): void {
  checked(renameat2(CURRENT_DIRECTORY, terminated(a), CURRENT_DIRECTORY, terminated(b), 2))
}

export function truncatePath(path: string, length: number): void {
  checked(truncate(terminated(path), length))
}

export function makeSocket(path: string): void {
  checked(mknod(terminated(path), SOCKET_NODE, 0))
}

/** Makes the calls in `work` with the file permissions of another user; does nothing for who is not root. */
export function asUser<Result>(uid: number, work: () => Result): Result {
  setfsuid(uid)
  try {
    return work()
  } finally {
    setfsuid(process.getuid?.() ?? 0)
  }
}

function queueLength(): number {
  return Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'))
}

/** An inotify instance of the running kernel, by its own small binding: it shares nothing with the product. */
export class RealInotify {
  /** The length of its queue: what the setting was when the instance was made. Other tests change it for moments. */
  readonly maxQueuedEvents: number
  readonly #fd: number
  readonly #watches = new Set<number>()
  /** Watch descriptors are given out counted from here. */
  #base = 0

  constructor() {
    for (;;) {
      const before = queueLength()
      const fd = checked(inotifyInit1(fs.constants.O_NONBLOCK))
      if (queueLength() === before) {
        this.maxQueuedEvents = before
        this.#fd = fd
        return
      }
      fs.closeSync(fd)
    }
  }

  addWatch(path: string, mask: number): number {
    const wd = inotifyAddWatch(this.#fd, terminated(path), mask)
    if (wd < 0) return -koffi.errno()
    this.#watches.add(wd)
    return wd - this.#base
  }

  removeWatch(wd: number): void {
    inotifyRmWatch(this.#fd, wd + this.#base)
  }

  /** Makes it as good as a new instance: closing one takes the kernel 10 ms. */
  reset(): void {
    for (const wd of this.#watches) inotifyRmWatch(this.#fd, wd)
    this.#watches.clear()
    const last = checked(inotifyAddWatch(this.#fd, terminated('/'), INOTIFY.ONLYDIR | INOTIFY.CREATE))
    inotifyRmWatch(this.#fd, last)
    this.read()
    this.#base = last
  }

  /** All that is queued; with `maxBytes` what one read(2) of that size returns. */
  read(maxBytes?: number): InotifyRecord[] {
    const records: InotifyRecord[] = []
    for (;;) {
      const size = readFd(this.#fd, buffer, maxBytes ?? buffer.length)
      if (size <= 0) return records
      for (let offset = 0; offset < size;) {
        const wd = buffer.readInt32LE(offset)
        const length = buffer.readUInt32LE(offset + 12)
        const padded = buffer.toString('latin1', offset + 16, offset + 16 + length)
        records.push({
          wd: wd < 0 ? wd : wd - this.#base,
          mask: buffer.readUInt32LE(offset + 4),
          cookie: buffer.readUInt32LE(offset + 8),
          name: padded.replace(/\0+$/, ''),
        })
        offset += 16 + length
      }
      if (maxBytes !== undefined) return records
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
