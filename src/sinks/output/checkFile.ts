import { constants } from 'node:fs'
import { access, lstat, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Stats } from 'node:fs'
import { FsflowError } from '../../errors/index.js'
import { escapeControls } from '../../formats/index.js'
import type { Destination } from './destination.js'
import { errnoOf, openError } from './sinkErrors.js'

async function orMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

async function refuseSymlink(destination: Destination, path: string): Promise<never> {
  const target = await orMissing(realpath(path))
  const hint =
    target === undefined ? 'Give the path of a file.' : `Give the path it leads to: ${escapeControls(target)}`
  throw openError(destination, 'it is a symbolic link, which is not followed', hint)
}

function kindOf(stats: Stats): string | undefined {
  if (stats.isFile() || stats.isFIFO() || stats.isCharacterDevice()) return undefined
  return stats.isDirectory() ? 'a directory' : stats.isSocket() ? 'a socket' : 'a block device'
}

async function checkDirectory(destination: Destination, directory: string): Promise<void> {
  const stats = await orMissing(stat(directory))
  if (stats === undefined) {
    if ((await orMissing(lstat(directory))) !== undefined) {
      throw openError(destination, `${escapeControls(directory)} is a symbolic link that leads nowhere`)
    }
    if (!destination.mkdir) {
      throw openError(
        destination,
        `the directory ${escapeControls(directory)} does not exist`,
        'Create the directory, or set mkdir: true, or --mkdir, to have it created.',
      )
    }
    await checkDirectory(destination, dirname(directory))
    return
  }
  if (!stats.isDirectory()) throw openError(destination, `${escapeControls(directory)} is not a directory`)
  await access(directory, constants.W_OK | constants.X_OK)
}

/**
 * Finds out whether the file of `destination` can be opened, and changes nothing.
 *
 * Resolves to what is there, `undefined` when the file would be created. Rejects with FSFLOW_SINK_OPEN for a
 * missing directory, a symbolic link, what is not a regular file, FIFO or character device, and when
 * permission is missing.
 */
export async function checkFile(destination: Destination, path: string): Promise<Stats | undefined> {
  try {
    const stats = await orMissing(lstat(path))
    if (stats === undefined) {
      await checkDirectory(destination, dirname(path))
      return undefined
    }
    if (stats.isSymbolicLink()) return await refuseSymlink(destination, path)
    const kind = kindOf(stats)
    if (kind !== undefined) throw openError(destination, `it is ${kind}`)
    // The end of a regular file is read before anything is appended.
    await access(path, stats.isFile() ? constants.R_OK | constants.W_OK : constants.W_OK)
    return stats
  } catch (cause) {
    throw FsflowError.is(cause) ? cause : openError(destination, cause)
  }
}
