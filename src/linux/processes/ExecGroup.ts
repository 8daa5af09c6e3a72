import { FsflowError } from '../../errors/index.js'
import { cPath } from '../cPath.js'
import { EPERM, errnoName } from '../errno.js'
import { decodeFanotify } from '../fanotify/decodeFanotify.js'
import { FAN, FAN_INIT, FAN_MARK } from '../fanotify/fanotifyMasks.js'
import { FileHandles } from '../fanotify/FileHandles.js'
import type { HandleKey, HandleRecord } from '../fanotify/HandleRecord.js'
import { libc, type Libc } from '../libc.js'
import { readMounts } from '../mounts.js'
import { InodeReader } from '../InodeReader.js'
import { detached, textFromRaw } from '../rawPath.js'
import { readProgramKind, type ProgramKind } from './programKind.js'

const GROUP_FLAGS =
  FAN_INIT.CLOEXEC |
  FAN_INIT.NONBLOCK |
  FAN_INIT.UNLIMITED_QUEUE |
  FAN_INIT.UNLIMITED_MARKS |
  FAN_INIT.HANDLES_AND_NAME
const AT_FDCWD = -100
const O_RDONLY = 0
const O_DIRECTORY = 0o200000
const O_CLOEXEC = 0o2000000
const O_PATH = 0o10000000
const FSID_BYTES = 8

const MOUNT_CHECK_MS = 1000
const MAX_PROGRAMS = 4096

/** A file that a process opened in order to execute it. */
export interface OpenedProgram {
  readonly pid: number
  readonly path: string
  readonly key: HandleKey
  /** Device and inode; `null` when the file was gone. */
  readonly identity: string | null
  /** `null` when it could not be read. */
  readonly kind: ProgramKind | null
}

type Program = Omit<OpenedProgram, 'pid'>

interface KnownProgram {
  readonly rawPath: string
  readonly version: string
  readonly program: Program
}

function keyOf({ directory, name, target }: HandleRecord): string {
  return `${directory}/${name}\0${target}`
}

/**
 * Tells of every file that is opened to be executed: a fanotify group with FAN_OPEN_EXEC on every filesystem that
 * is mounted. Filesystems without file handles (overlayfs, a btrfs subvolume) are left out.
 *
 * Needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH, Linux 5.17. See fanotify(7).
 */
export class ExecGroup {
  readonly fd: number
  readonly #c: Libc
  readonly #handles = new FileHandles()
  /** Where each filesystem is mounted, by its id. */
  readonly #mountPoints = new Map<string, string>()
  readonly #devices = new Set<string>()
  readonly #followers: number[] = []
  #mountsReadAt = -Infinity
  readonly #inodes = new InodeReader()
  /** By where it was found and what it is. Reading a program is told to everybody who watches it: so once a version. */
  readonly #programs = new Map<string, KnownProgram>()

  /** Throws FSFLOW_PERMISSION where the right is missing, FSFLOW_KERNEL where the kernel cannot do it. */
  constructor() {
    this.#c = libc()
    this.fd = this.#c.fanotifyInit(GROUP_FLAGS, O_RDONLY | O_CLOEXEC)
    if (this.fd < 0) throw initError(this.#c.errno())
    this.markMounts()
  }

  /** Adds the same marks to another group, so that it tells when programs are executed among its own events. */
  follow(fd: number): void {
    this.#followers.push(fd)
    for (const mountPoint of this.#mountPoints.values()) this.#mark(fd, mountPoint)
  }

  /** Marks what has been mounted since. Looks once a second at most. */
  markMounts(): void {
    const now = performance.now()
    if (now - this.#mountsReadAt < MOUNT_CHECK_MS) return
    this.#mountsReadAt = now
    for (const { device, mountPoint } of readMounts()) {
      if (this.#devices.has(device)) continue
      this.#devices.add(device)
      if (!this.#mark(this.fd, mountPoint)) continue
      for (const fd of this.#followers) this.#mark(fd, mountPoint)
      const fsid = this.#handles.fsidOf(mountPoint)
      if (typeof fsid === 'string') this.#mountPoints.set(fsid, mountPoint)
    }
  }

  #mark(fd: number, mountPoint: string): boolean {
    const flags = FAN_MARK.ADD | FAN_MARK.FILESYSTEM
    return this.#c.fanotifyMark(fd, flags, FAN.OPEN_EXEC, AT_FDCWD, cPath(mountPoint)) === 0
  }

  /** The programs that a batch tells of, in order, where they are now. One whose directory is gone is left out. */
  programs(buffer: ArrayBuffer): OpenedProgram[] {
    const mounts = new OpenMounts(this.#c, this.#mountPoints)
    try {
      return decodeFanotify(new Uint8Array(buffer)).records.flatMap((record) => {
        if (record.name === '' || record.directory === '') return []
        const program = this.#known(record) ?? this.#lookUp(record, mounts)
        return program === undefined ? [] : [{ ...program, pid: record.pid }]
      })
    } finally {
      mounts.close()
    }
  }

  /** A program that was looked up before, if it is still there as it was. */
  #known(record: HandleRecord): Program | undefined {
    const known = this.#programs.get(keyOf(record))
    return known !== undefined && this.#inodes.versionOf(known.rawPath) === known.version
      ? known.program
      : undefined
  }

  #lookUp(record: HandleRecord, mounts: OpenMounts): Program | undefined {
    const directory = this.#withFile(mounts, record.directory, (fd) => this.#handles.link(fd))
    if (typeof directory !== 'string' || directory.endsWith(' (deleted)')) return undefined
    const { name, target } = record
    const rawPath = `${directory === '/' ? '' : directory}/${name}`
    const program = this.#withFile(mounts, target, (fd): Program => {
      const path = `/proc/self/fd/${fd}`
      const inode = this.#inodes.ofPath(path)
      const identity = typeof inode === 'number' ? null : `${inode.dev}:${inode.ino}`
      return {
        path: textFromRaw(rawPath),
        key: detached(target),
        identity,
        kind: readProgramKind(path, name),
      }
    })
    if (program === undefined) return { path: textFromRaw(rawPath), key: target, identity: null, kind: null }
    this.#remember(record, rawPath, program)
    return program
  }

  #remember(record: HandleRecord, rawPath: string, program: Program): void {
    const version = this.#inodes.versionOf(rawPath)
    if (typeof version !== 'string' || program.kind === null) return
    if (program.identity === null || !version.startsWith(`${program.identity}:`)) return
    if (this.#programs.size >= MAX_PROGRAMS) this.#programs.clear()
    this.#programs.set(detached(keyOf(record)), { rawPath, version, program })
  }

  /** `undefined` when the file is gone. */
  #withFile<T>(mounts: OpenMounts, key: HandleKey, use: (fd: number) => T): T | undefined {
    const mount = mounts.open(key.slice(0, FSID_BYTES))
    if (mount < 0) return undefined
    const fd = this.#handles.open(mount, key, O_PATH | O_CLOEXEC)
    if (fd < 0) return undefined
    try {
      return use(fd)
    } finally {
      this.#c.close(fd)
    }
  }

  close(): void {
    this.#c.close(this.fd)
  }
}

/** Mounts that are held open while one batch is worked through; for longer, nobody could unmount them. */
class OpenMounts {
  readonly #c: Libc
  readonly #mountPoints: ReadonlyMap<string, string>
  readonly #fds = new Map<string, number>()

  constructor(c: Libc, mountPoints: ReadonlyMap<string, string>) {
    this.#c = c
    this.#mountPoints = mountPoints
  }

  /** A descriptor, or -1. */
  open(fsid: string): number {
    const known = this.#fds.get(fsid)
    if (known !== undefined) return known
    const mountPoint = this.#mountPoints.get(fsid)
    const flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    const fd = mountPoint === undefined ? -1 : this.#c.openat(AT_FDCWD, cPath(mountPoint), flags)
    this.#fds.set(fsid, fd)
    return fd
  }

  close(): void {
    for (const fd of this.#fds.values()) if (fd >= 0) this.#c.close(fd)
  }
}

function initError(errno: number): FsflowError {
  if (errno !== EPERM) {
    return new FsflowError({
      code: 'FSFLOW_KERNEL',
      message: `fanotify_init for executed programs failed: ${errnoName(errno)}`,
    })
  }
  return new FsflowError({
    code: 'FSFLOW_PERMISSION',
    message: 'the kernel does not let this user see which programs are executed',
    hint: 'It needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH.',
  })
}
