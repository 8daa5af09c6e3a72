import { closeSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'

/**
 * What execve(2) makes of a file:
 * `script`: begins with `#!`, another program is run on it; `dynamic`: the kernel opens a loader for it too;
 * `loader`, `static`: it runs by itself; `other`: cannot be run as it is.
 */
export type ProgramKind = 'script' | 'dynamic' | 'loader' | 'static' | 'other'

/** Enough for the header and the program headers of any program. */
export const PROGRAM_HEAD_BYTES = 4096

const ELF = 0x7f454c46
const PT_INTERP = 3
// The names that the loaders of glibc, musl and uclibc go by.
const loaderName = /^(ld[-.]|ld64|libc\.(so|musl))/

/** The kind of a program by the beginning of its file and by its name. */
export function programKind(head: Uint8Array, name: string): ProgramKind {
  if (head[0] === 0x23 && head[1] === 0x21) return 'script'
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (head.length < 64 || view.getUint32(0) !== ELF) return 'other'
  const is64 = head[4] === 2
  const little = head[5] === 1
  if (little !== (endianness() === 'LE') || (!is64 && head[4] !== 1)) return 'other'
  const table = is64 ? Number(view.getBigUint64(32, little)) : view.getUint32(28, little)
  const size = view.getUint16(is64 ? 54 : 42, little)
  const count = view.getUint16(is64 ? 56 : 44, little)
  for (let i = 0; i < count; i++) {
    const at = table + i * size
    if (at + 4 > head.length) break
    if (view.getUint32(at, little) === PT_INTERP) return 'dynamic'
  }
  return loaderName.test(name) ? 'loader' : 'static'
}

const head = Buffer.allocUnsafeSlow(PROGRAM_HEAD_BYTES)

/** The same for a file; `null` when it cannot be read. */
export function readProgramKind(path: string, name: string): ProgramKind | null {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return null
  }
  try {
    return programKind(head.subarray(0, readSync(fd, head, 0, head.length, 0)), name)
  } catch {
    return null
  } finally {
    closeSync(fd)
  }
}
