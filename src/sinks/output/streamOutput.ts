import type { Writable } from 'node:stream'
import type { Output } from './Output.js'
import { errnoOf } from './sinkErrors.js'

const goneCodes: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])

/**
 * Writes to a pipe or a socket, one batch at a time, each until the kernel has taken it all.
 *
 * A stream and not write(2) in the thread pool: a thread that waits for a reader would keep the process from
 * ending. `close` ends the stream only when it is `owned`, which standard output is not.
 */
export function streamOutput(stream: Writable, { owned }: { readonly owned: boolean }): Output {
  let isGone = false
  let resolveGone: () => void
  const gone = new Promise<void>((resolve) => (resolveGone = resolve))
  // The callback of the write tells of the error; without a listener it would end the process as well.
  const ignore = (): void => undefined
  stream.on('error', ignore)
  return {
    size: 0,
    ownFiles: [],
    gone,
    async write(data) {
      if (isGone) return undefined
      const cause = await new Promise<unknown>((resolve) => stream.write(data, resolve))
      if (cause === undefined || cause === null) return undefined
      if (!goneCodes.has(errnoOf(cause))) return { cause, whole: 0 }
      isGone = true
      resolveGone()
      return undefined
    },
    async close() {
      if (owned && !stream.closed) {
        await new Promise<void>((resolve) => {
          stream.once('close', resolve)
          if (isGone) stream.destroy()
          else stream.end()
        })
      }
      // The stream emits the error of its last write only after the callback, so the listener stays then.
      if (!isGone) stream.off('error', ignore)
    },
  }
}
