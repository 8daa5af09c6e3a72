import { FsflowError } from '../errors/index.js'
import { EMFILE, ENFILE, errnoName } from './errno.js'

/** An exception of node:fs as an error with a code and, where there is one, the next step; others as they are. */
export function systemError(error: unknown): unknown {
  if (FsflowError.is(error)) return error
  const { errno, syscall, path } = error as NodeJS.ErrnoException
  if (typeof errno !== 'number' || errno >= 0) return error
  return new FsflowError({
    code: 'FSFLOW_KERNEL',
    message: `${syscall ?? 'a system call'}${path === undefined ? '' : ` ${path}`} failed: ${errnoName(-errno)}`,
    path,
    hint: descriptorHint(-errno),
    cause: error,
  })
}

/** What to do about a lack of descriptors. */
export function descriptorHint(errno: number): string | undefined {
  if (errno === EMFILE) return 'This process has too many open files: raise its limit (ulimit -n).'
  return errno === ENFILE ? 'The system has too many open files: raise it by sysctl fs.file-max.' : undefined
}
