import { readlink } from 'node:fs/promises'
import { Socket } from 'node:net'
import { closeFd, readFd, statFd } from './descriptors.js'
import type { Destination } from './destination.js'
import { fdOutput } from './fdOutput.js'
import { openFile, type OpenedFile } from './openFile.js'
import type { Output } from './Output.js'
import { openError } from './sinkErrors.js'
import { streamOutput } from './streamOutput.js'

const stdoutFd = 1

/** Throws FSFLOW_SINK_OPEN when standard output is closed. */
export async function checkStdout(destination: Destination): Promise<void> {
  try {
    await statFd(stdoutFd)
  } catch (cause) {
    throw openError(destination, cause)
  }
}

/**
 * Standard output. When it is redirected to a regular file, that file is among the own files, so that
 * `fsflow watch . > out` does not report `out`.
 */
export async function openStdout(destination: Destination): Promise<Output> {
  await checkStdout(destination)
  const stats = await statFd(stdoutFd)
  if (stats.isFIFO() || stats.isSocket()) return streamOutput(process.stdout, { owned: false })
  const regular = stats.isFile()
  const path = regular ? await readlink(`/proc/self/fd/${stdoutFd}`) : ''
  return fdOutput({
    fd: stdoutFd,
    size: regular ? Number(stats.size) : 0,
    ownFiles: regular ? [{ path, dev: stats.dev, ino: stats.ino }] : [],
    torn: false,
    cut: regular ? 'at close' : 'never',
    close: () => Promise.resolve(),
  })
}

async function lastByte(fd: number, size: number): Promise<string> {
  try {
    return (await readFd(fd, size - 1, 1)).toString()
  } catch (cause) {
    await closeFd(fd)
    throw cause
  }
}

/** The output of a file that `openFile` opened with `append`. */
export async function openedOutput({ fd, kind, size, ownFiles }: OpenedFile): Promise<Output> {
  if (kind === 'fifo')
    return streamOutput(new Socket({ fd, readable: false, writable: true }), { owned: true })
  const torn = size > 0 && (await lastByte(fd, size)) !== '\n'
  return fdOutput({
    fd,
    size,
    ownFiles,
    torn,
    cut: kind === 'file' ? 'at once' : 'never',
    close: () => closeFd(fd),
  })
}

/** Opens what `destination` says: standard output, or its file to append to. */
export async function openOutput(destination: Destination): Promise<Output> {
  if (destination.path === undefined) return openStdout(destination)
  return openedOutput(await openFile(destination, destination.path, { append: true }))
}
