import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { FsflowError } from '../../errors/index.js'
import { writeWhole } from './writeWhole.js'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants
// First line of the file FORMAT; a later version of fsflow that changes the layout changes it.
const FORMAT = 'fsflow history 1\n'

/**
 * The real path of a store, which is made when there is nothing.
 *
 * It holds what was in other files: so it must be a directory of this user that nobody else may enter, and not a
 * symbolic link. Throws FSFLOW_SINK_OPEN.
 */
export function openStoreDirectory(directory: string): string {
  const path = resolve(directory)
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) mkdirSync(path, { mode: 0o700 })
    requireSafe(path, lstatSync(path))
    requireFormat(path)
    for (const name of ['objects', 'tmp']) mkdirSync(join(path, name), { recursive: true, mode: 0o700 })
    return realpathSync(path)
  } catch (cause) {
    throw FsflowError.is(cause) ? cause : storeError(path, messageFor(cause), undefined, cause)
  }
}

/** The real path of a store that is there already. Throws FSFLOW_PATH_NOT_FOUND when none is. */
export function findStoreDirectory(directory: string): string {
  const path = resolve(directory)
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !isStore(path)) {
    throw new FsflowError({
      code: 'FSFLOW_PATH_NOT_FOUND',
      message: `there is no history at ${path}`,
      path,
      hint: 'Give the directory that a history sink writes to: --store DIR, or FSFLOW_HISTORY.',
    })
  }
  return openStoreDirectory(path)
}

/** Throws FSFLOW_SINK_OPEN when `openStoreDirectory` would, and makes nothing. */
export function checkStoreDirectory(directory: string): void {
  const path = resolve(directory)
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) {
      if (!lstatSync(join(path, '..')).isDirectory())
        throw storeError(path, 'there is no directory to make it in')
      return
    }
    requireSafe(path, stats)
    if (!isStore(path)) requireEmpty(path)
  } catch (cause) {
    throw FsflowError.is(cause) ? cause : storeError(path, messageFor(cause), undefined, cause)
  }
}

function requireSafe(path: string, stats: Stats): void {
  if (stats.isSymbolicLink())
    throw storeError(path, 'it is a symbolic link', 'Give the path that it leads to.')
  if (!stats.isDirectory()) throw storeError(path, 'it is not a directory')
  if (stats.uid !== process.geteuid?.()) throw storeError(path, 'it belongs to another user')
  if ((stats.mode & 0o077) !== 0) {
    throw storeError(path, 'others may look into it', `Close it for them: chmod 700 ${path}`)
  }
}

function isStore(path: string): boolean {
  try {
    return readFileSync(join(path, 'FORMAT'), 'utf8') === FORMAT
  } catch {
    return false
  }
}

function requireEmpty(path: string): void {
  if (readdirSync(path).some((name) => !name.startsWith('FORMAT'))) {
    throw storeError(
      path,
      'it holds something else',
      'Give an empty directory, or one that is not there yet.',
    )
  }
}

function requireFormat(path: string): void {
  if (isStore(path)) return
  requireEmpty(path)
  // By renaming, so that it is whole, whoever else makes it at the same time or is killed.
  const temporary = join(path, `FORMAT.${process.pid}`)
  rmSync(temporary, { force: true })
  const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  writeWhole(fd, Buffer.from(FORMAT))
  closeSync(fd)
  renameSync(temporary, join(path, 'FORMAT'))
}

function storeError(path: string, problem: string, hint?: string, cause?: unknown): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_SINK_OPEN',
    message: `the history at ${path} cannot be used: ${problem}`,
    path,
    hint,
    cause,
  })
}

function messageFor(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
