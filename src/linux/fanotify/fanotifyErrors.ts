import { FsflowError } from '../../errors/index.js'
import { effectiveCapabilities } from '../capabilities.js'
import { EINVAL, EMFILE, ENODEV, ENOSYS, EOPNOTSUPP, EPERM, errnoName, ESTALE, EXDEV } from '../errno.js'

const INOTIFY = 'The inotify source watches it.'

/** Which capabilities fanotify needs and this process lacks, by what /proc says. */
export function missingCapabilities(): string[] {
  const capabilities = effectiveCapabilities()
  if (capabilities === undefined) return []
  return (['CAP_SYS_ADMIN', 'CAP_DAC_READ_SEARCH'] as const).filter((name) => !capabilities[name])
}

export function capabilityError(missing: readonly string[]): FsflowError {
  const names = missing.length === 0 ? 'CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH' : missing.join(' and ')
  return new FsflowError({
    code: 'FSFLOW_PERMISSION',
    message: `fanotify needs ${names}`,
    hint: `Run as root, or grant it once: sudo setcap cap_sys_admin,cap_dac_read_search+ep ${process.execPath}`,
  })
}

/** Why fanotify_init(2) failed. */
export function fanotifyOpenError(errno: number): FsflowError {
  if (errno === EPERM) return capabilityError(missingCapabilities())
  if (errno === ENOSYS || errno === EINVAL) {
    return new FsflowError({
      code: 'FSFLOW_UNSUPPORTED',
      message: `fanotify_init failed: ${errnoName(errno)}: this kernel cannot report names and renames by fanotify`,
      hint: 'Linux 5.17 or later is needed. The inotify source works on any.',
    })
  }
  const hint =
    errno === EMFILE ? 'fs.fanotify.max_user_groups, or the limit of open files, is reached.' : undefined
  return new FsflowError({
    code: 'FSFLOW_KERNEL',
    message: `fanotify_init failed: ${errnoName(errno)}`,
    hint,
  })
}

/** Why the filesystem of a mount cannot be marked as a whole, in words. */
export function markProblem(errno: number, type: string): string {
  switch (errno) {
    case EXDEV:
      return `fanotify cannot mark a ${type} subvolume, only the filesystem from its top`
    case EOPNOTSUPP:
    case ESTALE:
      return `${type} gives no handles by which fanotify could name its files`
    case ENODEV:
      return `${type} has no identity that fanotify could report`
    case EPERM:
      return 'not permitted'
    default:
      return errnoName(errno)
  }
}

export function markError(path: string, errno: number, type: string): FsflowError {
  if (errno === EPERM) return capabilityError(missingCapabilities())
  return new FsflowError({
    code: 'FSFLOW_UNSUPPORTED',
    message: `fanotify cannot watch ${path}: ${markProblem(errno, type)}`,
    path,
    hint: INOTIFY,
  })
}
