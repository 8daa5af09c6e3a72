import { constants, lstatSync, type Stats } from 'node:fs'
import { chmod, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OwnFile } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { escapeControls } from '../../formats/index.js'

const directoryMode = 0o700
const fileMode = 0o600
const writableByOthers = 0o022
const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants

/** The files that SQLite keeps beside a database. */
const suffixes = ['', '-wal', '-shm', '-journal'] as const

export function spoolError(path: string, problem: unknown, hint?: string): FsflowError {
  const isText = typeof problem === 'string'
  return new FsflowError({
    code: 'FSFLOW_SPOOL',
    message: `cannot keep events in ${escapeControls(path)}: ${isText ? problem : messageOf(problem)}`,
    path,
    hint,
    cause: isText ? undefined : problem,
  })
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** The nearest directory that is there, of the one that a file is to be in. */
function nearest(directory: string): string {
  const above = dirname(directory)
  return above === directory || look(directory) !== undefined ? directory : nearest(above)
}

/** Why a file cannot be a spool, as far as a look tells; `undefined` when it can. Changes nothing. */
export function spoolProblem(path: string): FsflowError | undefined {
  try {
    const directory = dirname(path)
    const there = look(directory)
    if (there !== undefined) {
      const problem = directoryProblem(there)
      if (problem !== undefined) {
        const hint = 'Give it a directory of its own, which is made when it is not there.'
        return spoolError(path, `its directory ${problem}`, hint)
      }
    } else if (!lstatSync(nearest(directory)).isDirectory()) {
      return spoolError(path, `${escapeControls(nearest(directory))} is not a directory`)
    }
    for (const suffix of suffixes) {
      const stats = look(path + suffix)
      if (stats === undefined) continue
      if (stats.isSymbolicLink()) {
        return spoolError(path, `${escapeControls(path + suffix)} is a symbolic link, which is not followed`)
      }
      if (!stats.isFile()) return spoolError(path, `${escapeControls(path + suffix)} is not a regular file`)
      if (!isOurs(stats))
        return spoolError(path, `${escapeControls(path + suffix)} is not a file of this user`)
    }
    return undefined
  } catch (error) {
    return spoolError(path, error)
  }
}

function isOurs(stats: Stats): boolean {
  const uid = process.getuid!()
  return stats.uid === uid || uid === 0
}

// Whoever can write there can put a link in the place of the file.
function directoryProblem(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symbolic link, which is not followed'
  if (!stats.isDirectory()) return 'is not a directory'
  if (stats.uid !== process.getuid!() && stats.uid !== 0) return 'is that of another user'
  return (stats.mode & writableByOthers) === 0 ? undefined : 'can be written by other users'
}

/** Makes the file, and its directory, for this user alone. Rejects with FSFLOW_SPOOL. */
export async function makeSpoolFile(path: string): Promise<void> {
  const problem = spoolProblem(path)
  if (problem !== undefined) throw problem
  try {
    await mkdir(dirname(path), { recursive: true, mode: directoryMode })
    const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, fileMode)
    await file.close()
  } catch (error) {
    throw spoolError(path, error)
  }
}

/** The files of a spool that is open. From here on they are readable by this user alone, whoever made them. */
export async function spoolFiles(path: string): Promise<OwnFile[]> {
  const files: OwnFile[] = []
  for (const suffix of suffixes) {
    const stats = await stat(path + suffix, { bigint: true }).catch(() => undefined)
    if (stats === undefined) continue
    await chmod(path + suffix, fileMode)
    files.push({ path: path + suffix, dev: stats.dev, ino: stats.ino })
  }
  return files
}
