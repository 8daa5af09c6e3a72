import type { OwnFile } from '../../contracts/index.js'
import { closeFd, statFd } from './descriptors.js'
import type { Destination } from './destination.js'
import { lockFile } from './lockFile.js'
import { openFile, type OpenedFile } from './openFile.js'
import { openedOutput } from './openOutput.js'
import type { Output } from './Output.js'
import { whatIsAt } from './RotatedFiles.js'
import { openError } from './sinkErrors.js'

/** Where a file is written that can be replaced by another. */
export interface FilePlace extends Destination {
  readonly path: string
  /** Stands first in each file. */
  readonly header: string
  /** Whether one process alone may write to it. */
  readonly alone: boolean
  /** Rejects when nothing can be appended to what a file holds. */
  readonly inspect: (fd: number, size: number) => Promise<void>
}

export interface CurrentFile {
  readonly fd: number
  readonly own: OwnFile
  readonly output: Output
  /** When it was begun, in milliseconds; of one that was there, when it was written last. */
  readonly begun: number
  size: number
}

/** Opens the file at `path`, which is `place.path` or, with `isNew`, a name beside it at which there is nothing. */
export async function openCurrent(
  place: FilePlace,
  path: string,
  { isNew = false } = {},
): Promise<CurrentFile> {
  for (;;) {
    const file = await openFile(place, path, { append: true, exclusive: isNew })
    const { fd, size } = file
    let begun: number | undefined
    try {
      begun = await take(place, path, file)
    } catch (error) {
      await closeFd(fd)
      throw error
    }
    if (begun === undefined) await closeFd(fd)
    else return { fd, own: file.ownFiles[0]!, output: await openedOutput(file), begun, size }
  }
}

/** When the file was begun; `undefined` when another process has put it aside since it was opened. */
async function take(
  place: FilePlace,
  path: string,
  { fd, kind, size }: OpenedFile,
): Promise<number | undefined> {
  if (kind !== 'file') throw openError(place, 'it is not a regular file')
  if (place.alone) {
    if (!lockFile(fd)) {
      throw openError(place, 'another process writes to it, and rotates it', 'Give each a path of its own.')
    }
    const [opened, there] = await Promise.all([statFd(fd), whatIsAt(path)])
    if (opened.ino !== there?.ino || opened.dev !== there.dev) return undefined
  }
  await place.inspect(fd, size)
  return size === 0 ? Date.now() : Number((await statFd(fd)).mtimeMs)
}
