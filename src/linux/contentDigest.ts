import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { Observable } from 'rxjs'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

// Read and hashed in one go: about a millisecond, and most files are smaller.
const CHUNK_BYTES = 262_144

// Shared, for what is read is hashed before anything else runs.
let chunk: Buffer | undefined

/**
 * A lookup for what a regular file holds: a text that stays the same while it is the same file with the same bytes.
 *
 * It is the SHA-256 of device, inode and content. The answer is `null` for what is gone, cannot be read, is larger
 * than `maxSize` bytes or no regular file: links are not followed, and nothing else is opened, for that alone can
 * wake whoever waits at the other end of a FIFO, or rewind a tape. It reads when it is subscribed to: a small file
 * at once, a large one with other work in between; unsubscribing stops it. See open(2).
 */
export function contentDigest(
  maxSize: number,
): (path: string, bytes?: Uint8Array) => Observable<string | null> {
  return (path, bytes) =>
    new Observable((subscriber) => {
      const answer = (digest: string | null): void => {
        subscriber.next(digest)
        subscriber.complete()
      }
      const file = openRegular(bytes === undefined ? path : Buffer.from(bytes), maxSize)
      if (file === undefined) {
        answer(null)
        return
      }
      const reading = read(file, maxSize)
      let next: NodeJS.Immediate | undefined
      const goOn = (): void => {
        const digest = nextOf(reading)
        if (digest === undefined) next = setImmediate(goOn)
        else answer(digest)
      }
      subscriber.add(() => {
        clearImmediate(next)
        closeSync(file.fd)
      })
      goOn()
    })
}

interface OpenFile {
  readonly fd: number
  readonly identity: string
}

function openRegular(path: string | Buffer, maxSize: number): OpenFile | undefined {
  let fd: number | undefined
  try {
    if (!lstatSync(path).isFile()) return undefined
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    // Something else may have taken its place.
    const stat = fstatSync(fd, { bigint: true })
    if (stat.isFile() && stat.size <= maxSize) return { fd, identity: `${stat.dev}:${stat.ino}\n` }
  } catch {
    // It is gone, or may not be read.
  }
  if (fd !== undefined) closeSync(fd)
  return undefined
}

/** Hashes the file, with a pause after each chunk. */
function* read({ fd, identity }: OpenFile, maxSize: number): Generator<undefined, string | null> {
  chunk ??= Buffer.allocUnsafeSlow(CHUNK_BYTES)
  const hash = createHash('sha256').update(identity)
  let size = 0
  let pause = CHUNK_BYTES
  for (;;) {
    const count = readSync(fd, chunk, 0, CHUNK_BYTES, null)
    if (count === 0) return hash.digest('base64')
    size += count
    // It may have grown meanwhile.
    if (size > maxSize) return null
    hash.update(chunk.subarray(0, count))
    if (size < pause) continue
    pause = size + CHUNK_BYTES
    yield
  }
}

function nextOf(reading: Iterator<undefined, string | null>): string | null | undefined {
  try {
    return reading.next().value
  } catch {
    return null
  }
}
