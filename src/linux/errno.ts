import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

const { errno } = constants

export const EACCES = errno.EACCES
export const EAGAIN = errno.EAGAIN
export const EINTR = errno.EINTR
export const EINVAL = errno.EINVAL
export const ELOOP = errno.ELOOP
export const EMFILE = errno.EMFILE
export const ENAMETOOLONG = errno.ENAMETOOLONG
export const ENFILE = errno.ENFILE
export const ENOBUFS = errno.ENOBUFS
export const ENODEV = errno.ENODEV
export const ENOENT = errno.ENOENT
export const ENOMEM = errno.ENOMEM
export const ENOSPC = errno.ENOSPC
export const ENOSYS = errno.ENOSYS
export const ENOTDIR = errno.ENOTDIR
export const EOPNOTSUPP = errno.EOPNOTSUPP
export const EOVERFLOW = errno.EOVERFLOW
export const EPERM = errno.EPERM
export const ESTALE = errno.ESTALE
export const EXDEV = errno.EXDEV

/** `ENOENT` for 2; the bare number for one that has no name. */
export function errnoName(code: number): string {
  try {
    return getSystemErrorName(-code)
  } catch {
    return `errno ${code}`
  }
}

/** The errno of an error that node:fs threw, or EINVAL where it has none. */
export function errnoOf(error: unknown): number {
  const code = (error as { errno?: unknown }).errno
  return typeof code === 'number' ? Math.abs(code) : EINVAL
}
