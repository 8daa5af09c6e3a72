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
  nameToHandleAt(
    dirfd: number,
    path: Uint8Array,
    handle: Uint8Array,
    mountId: Uint8Array,
    flags: number,
  ): number
  readlink(path: string, buffer: Uint8Array, size: number): number
  openat(dirfd: number, path: string | Uint8Array, flags: number): number
  getdents64(fd: number, buffer: Uint8Array, count: number): number
  poll(fds: Uint8Array, count: number, timeoutMs: number): number
  read(fd: number, buffer: Uint8Array, count: number): number
  clockGettime(clock: number, timespec: Uint8Array): number
  /** Returns 0 or an errno. */
  getpwuidR(uid: number, entry: Uint8Array, buffer: Uint8Array, size: number, result: Uint8Array): number
  /** Returns 0 or an errno. */
  getgrgidR(gid: number, entry: Uint8Array, buffer: Uint8Array, size: number, result: Uint8Array): number
  flock(fd: number, operation: number): number
  fanotifyInit(flags: number, eventFlags: number): number
  fanotifyMark(
    fd: number,
    flags: number,
    mask: number,
    dirfd: number,
    path: string | Uint8Array | null,
  ): number
  openByHandleAt(mountFd: number, handle: Uint8Array, flags: number): number
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  statfs(path: string | Uint8Array, result: Uint8Array): number
  statx(dirfd: number, path: Uint8Array, flags: number, mask: number, result: Uint8Array): number
  send(fd: number, message: Uint8Array, length: number, flags: number): number
  setpriority(which: number, who: number, priority: number): number
  /** On a thread of its own, for it can take long. */
  syncfs(fd: number): Promise<number>
}

interface AsyncCall {
  async(fd: number, done: (error: Error | null, result: number) => void): void
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
  const syncfs = lib.func('int syncfs(int fd)') as unknown as AsyncCall
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
    nameToHandleAt: lib.func(
      'int name_to_handle_at(int dirfd, const void *path, void *handle, void *mount_id, int flags)',
    ) as Libc['nameToHandleAt'],
    readlink: lib.func('long readlink(const char *path, void *buffer, size_t size)') as Libc['readlink'],
    openat: lib.func('int openat(int dirfd, const char *path, int flags)') as Libc['openat'],
    getdents64: lib.func('long getdents64(int fd, void *buffer, size_t count)') as Libc['getdents64'],
    poll: lib.func('int poll(void *fds, unsigned long nfds, int timeout)') as Libc['poll'],
    read: lib.func('long read(int fd, void *buffer, size_t count)') as Libc['read'],
    clockGettime: lib.func('int clock_gettime(int clock, void *timespec)') as Libc['clockGettime'],
    getpwuidR: lib.func(
      'int getpwuid_r(unsigned int uid, void *entry, void *buffer, size_t size, void *result)',
    ) as Libc['getpwuidR'],
    getgrgidR: lib.func(
      'int getgrgid_r(unsigned int gid, void *entry, void *buffer, size_t size, void *result)',
    ) as Libc['getgrgidR'],
    flock: lib.func('int flock(int fd, int operation)') as Libc['flock'],
    fanotifyInit: lib.func(
      'int fanotify_init(unsigned int flags, unsigned int event_flags)',
    ) as Libc['fanotifyInit'],
    fanotifyMark: lib.func(
      'int fanotify_mark(int fd, unsigned int flags, uint64_t mask, int dirfd, const char *path)',
    ) as Libc['fanotifyMark'],
    openByHandleAt: lib.func(
      'int open_by_handle_at(int mount_fd, void *handle, int flags)',
    ) as Libc['openByHandleAt'],
    socket: lib.func('int socket(int domain, int type, int protocol)') as Libc['socket'],
    bind: lib.func('int bind(int fd, void *address, unsigned int length)') as Libc['bind'],
    setsockopt: lib.func(
      'int setsockopt(int fd, int level, int name, void *value, unsigned int length)',
    ) as Libc['setsockopt'],
    statfs: lib.func('int statfs(const char *path, void *result)') as Libc['statfs'],
    statx: lib.func(
      'int statx(int dirfd, const char *path, int flags, unsigned int mask, void *result)',
    ) as Libc['statx'],
    send: lib.func('long send(int fd, void *message, size_t length, int flags)') as Libc['send'],
    setpriority: lib.func(
      'int setpriority(int which, unsigned int who, int priority)',
    ) as Libc['setpriority'],
    syncfs: (fd) =>
      new Promise((resolve, reject) =>
        syncfs.async(fd, (error, result) => (error ? reject(error) : resolve(result))),
      ),
  }
}
