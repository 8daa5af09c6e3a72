import { decodeInotify } from './decodeInotify.js'
import { changedAt, DirectoryReader, identify } from './DirectoryReader.js'
import { DrainThread, type DrainListener } from './DrainThread.js'
import { Fences } from './Fences.js'
import { blindFilesystem } from './filesystemTypes.js'
import { inotifyOpenError, inotifyQueueLimit } from './inotifyErrors.js'
import { IN } from './inotifyMasks.js'
import { FENCE_WD, type InotifyBinding, type InotifyListener, type InotifyRecord } from './InotifyBinding.js'
import { libc } from './libc.js'
import { PathBuffer } from './PathBuffer.js'

// With 1 ms, what a batch costs beside its records is a fifth of all CPU; with 4 ms, a tenth.
const NAP_MS = 8
// More than one instance is ever told in a millisecond: what comes in a nap must fit into the kernel's queue.
const MOST_RECORDS_A_MS = 2048

const IN_NONBLOCK = 0o4000
const IN_CLOEXEC = 0o2000000

export interface InotifyOptions {
  /** Unhandled bytes above which reading stops, so that the kernel reports an overflow. */
  readonly backlogBytes: number
}

/** inotify by FFI, its descriptor drained by a thread of its own. */
export function koffiInotify(listener: InotifyListener, options: InotifyOptions): InotifyBinding {
  const c = libc()
  const fd = c.inotifyInit1(IN_NONBLOCK | IN_CLOEXEC)
  if (fd < 0) throw inotifyOpenError(c.errno())

  const paths = new PathBuffer()
  const addPath = (path: string, mask: number): number => {
    const wd = c.inotifyAddWatch(fd, paths.of(path), mask)
    return wd < 0 ? -c.errno() : wd
  }
  const removeWatch = (wd: number): void => void c.inotifyRmWatch(fd, wd)

  let fences: Fences
  let thread: DrainThread
  let undo = () => void c.close(fd)
  const directories = new DirectoryReader(paths)
  try {
    fences = new Fences({ add: addPath, remove: removeWatch }, inotifyOpenError)
    undo = () => {
      fences.close()
      c.close(fd)
    }
    const batches: DrainListener = {
      onBatch: (bytes, readAt) => listener.onRecords(withFences(decodeInotify(bytes), fences), readAt),
      onMounts: () => listener.onMounts(),
      onFailure: (error) => listener.onFailure(error),
    }
    thread = new DrainThread(fd, options.backlogBytes, batches, { napMs: napMs() })
  } catch (error) {
    undo()
    throw error
  }

  return {
    name: 'koffi',
    tellsMounts: true,
    addWatch: (path, mask) => directories.withShortPath(path, (short) => addPath(short, mask)),
    removeWatch,
    list: (path) => directories.list(path),
    listing: (path) => directories.listing(path),
    identify: (path) => directories.withShortPath(path, identify),
    changedAt: (path) => directories.withShortPath(path, changedAt),
    blindFilesystem: (path) => {
      const type = directories.withShortPath(path, blindFilesystem)
      return typeof type === 'number' ? undefined : type
    },
    // Answered by the thread alone: once the first one is, a main thread that is blocked loses nothing.
    fence: () => fences.post(),
    async close() {
      await thread.stop()
      fences.close()
      c.close(fd)
    },
  }
}

function napMs(): number {
  return Math.min(NAP_MS, Math.max(1, Math.floor(inotifyQueueLimit() / MOST_RECORDS_A_MS)))
}

/** Replaces the records that answer fences by what the watching code understands. */
export function withFences(records: InotifyRecord[], fences: Fences): InotifyRecord[] {
  for (let i = 0; i < records.length; i++) {
    const { wd, mask } = records[i]!
    if (wd === -1) fences.overflowed()
    if (mask !== IN.ACCESS) continue
    const token = fences.arrived(wd)
    if (token > 0) records[i] = { wd: FENCE_WD, mask: 0, cookie: token, name: '' }
  }
  return records
}
