import { SinkWriteError } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import type { Destination } from './destination.js'

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL'])

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the filesystem is read-only',
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'it is a symbolic link',
  ENXIO: 'nothing reads from it',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file has reached the greatest size that is allowed',
}

const hints: Readonly<Record<string, string>> = {
  ENXIO: 'Start the reader of the FIFO first.',
  ENOSPC: 'Free space on the filesystem, or write to another one; `df` shows what is free.',
  EDQUOT: 'Remove files of yours, or have the quota raised; `quota` shows it.',
  EFBIG: 'Write to a new file, or on a filesystem that takes greater ones.',
}

function textOf(cause: unknown, field: 'code' | 'message'): string {
  if (typeof cause !== 'object' || cause === null) return ''
  const value = (cause as Readonly<Record<string, unknown>>)[field]
  return typeof value === 'string' ? value : ''
}

/** The errno name of a failed system call, or ''. */
export function errnoOf(cause: unknown): string {
  return textOf(cause, 'code')
}

function reasonOf(cause: unknown): string {
  return reasons[errnoOf(cause)] ?? textOf(cause, 'message')
}

/** The error of a sink that cannot be opened, for a reason in words or the error of a system call. */
export function openError(destination: Destination, cause: unknown, hint?: string): FsflowError {
  const told = typeof cause === 'string'
  const code = errnoOf(cause)
  return new FsflowError({
    code: fullCodes.has(code) ? 'FSFLOW_DISK_FULL' : 'FSFLOW_SINK_OPEN',
    message: `${destination.owner}: cannot write to ${destination.where}: ${told ? cause : reasonOf(cause)}`,
    path: destination.path,
    hint: hint ?? hints[code],
    cause: told ? undefined : cause,
  })
}

/** The error of a batch of `total` events of which `lost` are not whole at the destination. */
export function writeError(
  destination: Destination,
  cause: unknown,
  lost: number,
  total: number,
): SinkWriteError {
  const code = errnoOf(cause)
  return new SinkWriteError({
    code: fullCodes.has(code) ? 'FSFLOW_DISK_FULL' : 'FSFLOW_SINK_WRITE',
    message:
      `${destination.owner}: cannot write to ${destination.where}: ${reasonOf(cause)}; ` +
      `${lost} of ${total} event${total === 1 ? '' : 's'} not written`,
    path: destination.path,
    hint: hints[code],
    cause,
    lost,
  })
}
