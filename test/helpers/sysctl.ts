import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Requirement } from './requires.js'

const file = '/proc/sys/fs/inotify/max_queued_events'
// The machine's, whatever TMPDIR says.
const lock = '/tmp/fsflow-test-sysctl.lock'
const holder = join(lock, 'holder')
// A lock without a holder's name belongs to a process that died while it took it.
const NAMELESS_MS = 2000

export const queueSysctl: Requirement = {
  what: `the right to write ${file}`,
  met() {
    try {
      accessSync(file, constants.W_OK)
      return true
    } catch {
      return false
    }
  },
}

/**
 * Runs `open` while new inotify instances have a queue of `length` records, for the whole machine: so it must be
 * synchronous and short. Processes take turns, and what one that died has left behind is put right by the next.
 */
export function withQueueLength<T>(length: number, open: () => T): T {
  take()
  try {
    writeFileSync(file, String(length))
    return open()
  } finally {
    writeFileSync(file, before())
    rmSync(lock, { recursive: true, force: true })
  }
}

/** Runs `open` while nobody has the queue shortened, for who may not write its length. */
export function withUsualQueue<T>(open: () => T): T {
  take()
  try {
    return open()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function take(): void {
  for (;;) {
    try {
      mkdirSync(lock)
      writeFileSync(holder, `${process.pid} ${readFileSync(file, 'utf8')}`)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (isStale()) breakLock()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }
}

/** The value that the holder of the lock has found. */
function before(): string {
  return readFileSync(holder, 'utf8').split(' ')[1]!.trim()
}

function isStale(): boolean {
  try {
    const pid = Number(readFileSync(holder, 'utf8').split(' ')[0])
    if (pid > 0) return !isAlive(pid)
    return false
  } catch {
    const stat = statSync(lock, { throwIfNoEntry: false })
    return stat !== undefined && Date.now() - stat.mtimeMs > NAMELESS_MS
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Of several processes that see the stale lock, the one whose rename works puts the value right. */
function breakLock(): void {
  const mine = `${lock}.${process.pid}`
  try {
    renameSync(lock, mine)
  } catch {
    return
  }
  try {
    writeFileSync(file, readFileSync(join(mine, 'holder'), 'utf8').split(' ')[1]!.trim())
  } catch {
    // It died before it had written its name, so it had not changed the value either.
  }
  rmSync(mine, { recursive: true, force: true })
}
