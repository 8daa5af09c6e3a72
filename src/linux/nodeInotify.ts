import { closeSync, constants, lstatSync, openSync, readdirSync, statSync, watch, type Dirent } from 'node:fs'
import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import { FsflowError } from '../errors/index.js'
import { nowMicros } from './clock.js'
import { changedAt, identify } from './DirectoryReader.js'
import { ENOSPC, ENOTDIR, errnoOf } from './errno.js'
import { Fences } from './Fences.js'
import { blindFilesystem } from './filesystemTypes.js'
import { inotifyOpenError } from './inotifyErrors.js'
import type {
  DirectoryEntry,
  DirectoryListing,
  EntryType,
  InotifyBinding,
  InotifyListener,
  InotifyRecord,
} from './InotifyBinding.js'
import { IN } from './inotifyMasks.js'
import { withFences } from './koffiInotify.js'
import { libc, type Libc } from './libc.js'
import { rawFromText, textFromRaw } from './rawPath.js'

interface NodeInotifyEvent {
  readonly watch: number
  readonly mask: number
  readonly cookie: number
  readonly name?: string
}

interface NodeInotify {
  addWatch(watch: { path: string; watch_for: number; callback: (event: NodeInotifyEvent) => void }): number
  removeWatch(wd: number): boolean
  close(): boolean
  [wd: string]: unknown
}

// Records are handed on together; more than this are not gathered, since the addon reads without a pause.
const BATCH = 2048
const IN_CLOEXEC = 0o2000000
const watchKey = /^-?\d+$/

/** Throws an FsflowError when the addon cannot be had here. */
export function loadNodeInotify(): new () => NodeInotify {
  if (!isMainThread) {
    // It reads on the event loop of the main thread, whichever thread asks.
    throw new FsflowError({
      code: 'FSFLOW_BINDING_UNAVAILABLE',
      message: 'node-inotify works on the main thread only',
      hint: "Use binding: 'koffi' in a worker thread.",
    })
  }
  try {
    return (createRequire(import.meta.url)('node-inotify') as { Inotify: new () => NodeInotify }).Inotify
  } catch (cause) {
    throw new FsflowError({
      code: 'FSFLOW_MISSING_PACKAGE',
      message: 'the optional package node-inotify is not installed, or could not be compiled',
      path: 'node-inotify',
      hint: "Install it with `npm install node-inotify` (it needs a C++ compiler), or use binding: 'koffi'.",
      cause,
    })
  }
}

/** Throws when no instance is free: the addon itself would then abort the process. */
function requireInstance(): void {
  let c: Libc
  try {
    c = libc()
  } catch {
    requireInstanceByNode()
    return
  }
  const fd = c.inotifyInit1(IN_CLOEXEC)
  if (fd < 0) throw inotifyOpenError(c.errno())
  c.close(fd)
}

// Node opens an instance at its first watch and keeps it.
function requireInstanceByNode(): void {
  try {
    watch('/', { persistent: false }).close()
  } catch (error) {
    throw inotifyOpenError(errnoOf(error))
  }
}

/**
 * inotify by the addon node-inotify, on the main thread.
 *
 * Its limits: names that are not UTF-8 are mangled, the kernel's queue fills up while the main thread is busy,
 * programs started meanwhile inherit the descriptor, and a failed watch has no errno, so that the reason is
 * found by looking.
 */
export function nodeInotify(listener: InotifyListener): InotifyBinding {
  const Inotify = loadNodeInotify()
  requireInstance()
  const handle = new Inotify()

  let pending: InotifyRecord[] = []
  let scheduled: NodeJS.Immediate | undefined
  let closed = false

  const flush = (): void => {
    clearImmediate(scheduled)
    scheduled = undefined
    const records = pending
    pending = []
    if (records.length > 0 && !closed) listener.onRecords(withFences(records, fences), nowMicros())
  }
  const callback = (event: NodeInotifyEvent): void => {
    const name = event.name === undefined ? '' : rawFromText(event.name)
    pending.push({ wd: event.watch, mask: event.mask, cookie: event.cookie >>> 0, name })
    if (pending.length >= BATCH) flush()
    else scheduled ??= setImmediate(flush)
  }

  const addWatch = (path: string, mask: number): number => {
    const text = textFromRaw(path)
    const wd = handle.addWatch({ path: text, watch_for: mask, callback })
    return wd < 0 ? -whyNot(text, mask) : wd
  }
  const removeWatch = (wd: number): void => {
    try {
      handle.removeWatch(wd)
    } catch {
      // Already gone: the kernel has queued, or will queue, its own IN_IGNORED.
    }
  }
  let fences: Fences
  try {
    fences = new Fences({ add: addWatch, remove: removeWatch }, inotifyOpenError)
  } catch (error) {
    handle.close()
    throw error
  }
  // The addon calls what is stored under a record's watch descriptor, or dies: so an overflow, whose descriptor is
  // -1, and a record that another processor queues behind IN_IGNORED, when the callback is gone, must find one.
  const methods = Object.getPrototypeOf(handle) as object
  const anyWatch: ProxyHandler<object> = {
    get: (target, key, receiver): unknown =>
      typeof key === 'string' && watchKey.test(key) ? callback : Reflect.get(target, key, receiver),
  }
  Object.setPrototypeOf(handle, new Proxy(methods, anyWatch))

  return {
    name: 'node-inotify',
    tellsMounts: false,
    addWatch,
    removeWatch,
    list: listByNode,
    listing: listingByNode,
    identify,
    changedAt,
    blindFilesystem,
    fence: () => fences.post(),
    async close() {
      // Not from inside the addon's read loop: it would go on reading a closed descriptor.
      await new Promise((resolve) => setImmediate(resolve))
      closed = true
      handle.close()
      fences.close()
    },
  }
}

function whyNot(path: string, mask: number): number {
  try {
    const stat = (mask & IN.DONT_FOLLOW) === 0 ? statSync(path) : lstatSync(path)
    if ((mask & IN.ONLYDIR) !== 0 && !stat.isDirectory()) return ENOTDIR
    // Unlike access(2), with the rights that count.
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  } catch (error) {
    return errnoOf(error)
  }
  return ENOSPC
}

function typeOf(entry: Dirent<Buffer>): EntryType {
  if (entry.isDirectory()) return 'directory'
  if (entry.isFile()) return 'file'
  return entry.isSymbolicLink() ? 'symlink' : 'other'
}

function listingByNode(path: string): DirectoryListing | number {
  const identity = identify(path)
  if (typeof identity === 'number') return identity
  const { dev, ino, bornAt } = identity
  const entries = listByNode(path)
  return typeof entries === 'number' ? entries : { self: { dev, ino, bornAt }, entries }
}

/** The entries of a directory by node:fs alone, or -errno; its path may not be too long. */
export function listByNode(path: string): DirectoryEntry[] | number {
  try {
    const bytes = Buffer.from(path, 'latin1')
    const identity = identify(path)
    if (typeof identity === 'number') return identity
    if (identity.type !== 'directory') return -ENOTDIR
    return readdirSync(bytes, { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({
      name: entry.name.toString('latin1'),
      type: typeOf(entry),
      ino: 0,
    }))
  } catch (error) {
    return -errnoOf(error)
  }
}
