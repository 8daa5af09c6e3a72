import { writeSync } from 'node:fs'

/** Writes all of the bytes; throws when that is not possible, as on a full disk. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}
