import { createRequire } from 'node:module'
import type { Koffi } from './koffiTypes.js'

/** The system calls that fsflow makes by FFI. Each returns -1 on failure; `errno` then tells why. */
export interface Libc {
  errno(): number
  close(fd: number): number
  eventfd(initial: number, flags: number): number
  inotifyInit1(flags: number): number
  inotifyAddWatch(fd: number, path: string | Uint8Array, mask: number): number
  inotifyRmWatch(fd: number, wd: number): number
  memfdCreate(name: string, flags: number): number
  openat(dirfd: number, path: string | Uint8Array, flags: number): number
  getdents64(fd: number, buffer: Uint8Array, count: number): number
  poll(fds: Uint8Array, count: number, timeoutMs: number): number
  read(fd: number, buffer: Uint8Array, count: number): number
}

let cached: Libc | undefined

/** Loads the C library. Throws what koffi throws when it has no build for this platform. */
export function libc(): Libc {
  cached ??= bind()
  return cached
}

function bind(): Libc {
  // By require, so that a missing native part can be caught and another binding chosen.
  const koffi = createRequire(import.meta.url)('koffi') as Koffi
  const lib = koffi.load(null)
  return {
    errno: () => koffi.errno(),
    close: lib.func('int close(int fd)') as Libc['close'],
    eventfd: lib.func('int eventfd(unsigned int initval, int flags)') as Libc['eventfd'],
    inotifyInit1: lib.func('int inotify_init1(int flags)') as Libc['inotifyInit1'],
    inotifyAddWatch: lib.func(
      'int inotify_add_watch(int fd, const char *path, uint32_t mask)',
    ) as Libc['inotifyAddWatch'],
    inotifyRmWatch: lib.func('int inotify_rm_watch(int fd, int wd)') as Libc['inotifyRmWatch'],
    memfdCreate: lib.func('int memfd_create(const char *name, unsigned int flags)') as Libc['memfdCreate'],
    openat: lib.func('int openat(int dirfd, const char *path, int flags)') as Libc['openat'],
    getdents64: lib.func('long getdents64(int fd, void *buffer, size_t count)') as Libc['getdents64'],
    poll: lib.func('int poll(void *fds, unsigned long nfds, int timeout)') as Libc['poll'],
    read: lib.func('long read(int fd, void *buffer, size_t count)') as Libc['read'],
  }
}
