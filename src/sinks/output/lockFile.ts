import { libc } from '../../linux/libc.js'

const LOCK_EX = 2
const LOCK_NB = 4
const EWOULDBLOCK = 11

/**
 * False when another has locked the file, by flock(2), which lasts until it is closed. Where there is no such lock, as
 * on some network filesystems, there is none to be found.
 */
export function lockFile(fd: number): boolean {
  try {
    return libc().flock(fd, LOCK_EX | LOCK_NB) === 0 || libc().errno() !== EWOULDBLOCK
  } catch {
    // koffi has no build for this platform.
    return true
  }
}
