// What this process holds, as /proc tells it.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** One watch of an inotify instance, as proc(5) shows it. */
export interface KernelWatch {
  readonly fd: string
  readonly wd: number
  readonly ino: number
  readonly mask: number
}

const watchLine = /^inotify wd:([0-9a-f]+) ino:([0-9a-f]+) sdev:[0-9a-f]+ mask:([0-9a-f]+)/gm

/** Every inotify watch of this process. */
export function kernelWatches(): KernelWatch[] {
  const watches: KernelWatch[] = []
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    for (const [, wd, ino, mask] of readOrEmpty(`/proc/self/fdinfo/${fd}`).matchAll(watchLine)) {
      watches.push({ fd, wd: parseInt(wd!, 16), ino: parseInt(ino!, 16), mask: parseInt(mask!, 16) })
    }
  }
  return watches
}

const ignoreLine = /^fanotify ino:([0-9a-f]+) .*ignored_mask:([0-9a-f]*[1-9a-f][0-9a-f]*)/gm

/** Inodes of whose files the fanotify groups of this process leave something out. */
export function ignoredInodes(): number[] {
  return readdirSync('/proc/self/fdinfo').flatMap((fd) =>
    [...readOrEmpty(`/proc/self/fdinfo/${fd}`).matchAll(ignoreLine)].map(([, ino]) => parseInt(ino!, 16)),
  )
}

/** Open descriptors by number: what each leads to. */
export function descriptors(): Map<string, string> {
  const result = new Map<string, string>()
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      result.set(fd, readlinkSync(`/proc/self/fd/${fd}`))
    } catch {
      // The one that listed the folder is closed by now.
    }
  }
  return result
}

/** Descriptors of the kinds that an inotify binding and its thread need, sorted. */
export function bindingDescriptors(): string[] {
  const kinds = /inotify|eventfd|eventpoll|io_uring|^\/memfd:|^\/dev\/null$|^\/proc\//
  return [...descriptors()].filter(([, link]) => kinds.test(link)).map(([fd, link]) => `${fd} ${link}`)
}

export function threadCount(): number {
  return readdirSync('/proc/self/task').length
}

/** What must be the same before and after. */
export interface Holdings {
  readonly threads: number
  readonly descriptors: readonly string[]
  readonly watches: number
}

export function holdings(): Holdings {
  return {
    threads: threadCount(),
    descriptors: bindingDescriptors(),
    watches: kernelWatches().length,
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
