import * as fs from 'node:fs'
import { promisify } from 'node:util'

// Plain descriptors and not FileHandle: one of them is standard output, and a socket takes another over.
export const openFd = promisify(fs.open)
export const closeFd = promisify(fs.close)
export const truncateFd = promisify(fs.ftruncate)
export const writeFd = promisify(fs.write)

const stat = promisify(fs.fstat)
const read = promisify(fs.read)

export function statFd(fd: number): Promise<fs.BigIntStats> {
  return stat(fd, { bigint: true })
}

/** The bytes of the file from `position`, `length` of them, or fewer at its end. */
export async function readFd(fd: number, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await read(fd, Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
