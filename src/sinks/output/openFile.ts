import { constants } from 'node:fs'
import { mkdir, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OwnFile } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import { checkFile } from './checkFile.js'
import { closeFd, openFd, statFd } from './descriptors.js'
import type { Destination } from './destination.js'
import { openError } from './sinkErrors.js'

const { O_APPEND, O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

const fileMode = 0o640
const directoryMode = 0o750

export interface OpenedFile {
  readonly fd: number
  readonly kind: 'file' | 'fifo' | 'device'
  /** Bytes that were there before; 0 for what is not a regular file. */
  readonly size: number
  readonly ownFiles: readonly OwnFile[]
}

async function describe(destination: Destination, path: string, fd: number): Promise<OpenedFile> {
  const stats = await statFd(fd)
  if (stats.isFIFO()) return { fd, kind: 'fifo', size: 0, ownFiles: [] }
  if (stats.isCharacterDevice()) return { fd, kind: 'device', size: 0, ownFiles: [] }
  if (!stats.isFile()) throw openError(destination, 'it is not a regular file')
  const own = { path: await realpath(path), dev: stats.dev, ino: stats.ino }
  return { fd, kind: 'file', size: Number(stats.size), ownFiles: [own] }
}

/**
 * Opens the file of `destination` as open(2) with O_NOFOLLOW, creating it with mode 0640 less the umask.
 *
 * `append` is for a writer that leaves the place of each write to the kernel; with `exclusive` nothing may be there.
 * Rejects with FSFLOW_SINK_OPEN,
 * or FSFLOW_DISK_FULL, and leaves nothing open then.
 */
export async function openFile(
  destination: Destination,
  path: string,
  { append, exclusive = false }: { readonly append: boolean; readonly exclusive?: boolean },
): Promise<OpenedFile> {
  const there = await checkFile(destination, path)
  const regular = there === undefined || there.isFile()
  // O_NONBLOCK: a FIFO that nobody reads is an error, not a wait without end.
  const access = regular ? O_RDWR | O_CREAT | (append ? O_APPEND : 0) | (exclusive ? O_EXCL : 0) : O_WRONLY
  let fd: number | undefined
  try {
    if (destination.mkdir) await mkdir(dirname(path), { recursive: true, mode: directoryMode })
    fd = await openFd(path, access | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, fileMode)
    return await describe(destination, path, fd)
  } catch (cause) {
    if (fd !== undefined) await closeFd(fd)
    throw FsflowError.is(cause) ? cause : openError(destination, cause)
  }
}

/** Looks into the regular file of `destination`, if it is there; nothing else is opened. */
export async function inspectFile(
  destination: Destination,
  path: string,
  inspect: (fd: number, size: number) => Promise<void>,
): Promise<void> {
  const there = await checkFile(destination, path)
  if (there?.isFile() !== true) return
  const fd = await openFd(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    await inspect(fd, there.size)
  } finally {
    await closeFd(fd)
  }
}
