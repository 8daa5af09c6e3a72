import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { writeAll } from '../../../src/sinks/output/writeAll.js'
import { withDirectory } from '../../helpers/withDirectory.js'

describe('writeAll', () => {
  it('waits for room in a descriptor that does not block', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'fifo')
      execFileSync('mkfifo', [path])
      const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
      const sent = Buffer.alloc(300_000, 'abcdefg')
      const received: Buffer[] = []
      let done = false
      const writing = writeAll(fd, sent, null).finally(() => (done = true))
      const chunk = Buffer.alloc(20_000)
      for (let length = 0; length < sent.length;) {
        await new Promise((resolve) => setImmediate(resolve))
        try {
          const count = readSync(fd, chunk)
          received.push(Buffer.from(chunk.subarray(0, count)))
          length += count
        } catch (error) {
          expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN')
          expect(done).toBe(false)
        }
      }
      expect(await writing).toEqual({ written: sent.length })
      expect(Buffer.concat(received).equals(sent)).toBe(true)
      closeSync(fd)
    }))

  it('tells how far it came', async () => {
    const fd = openSync('/dev/full', 'w')
    expect(await writeAll(fd, Buffer.from('abc'), null)).toMatchObject({
      written: 0,
      cause: { code: 'ENOSPC' },
    })
    closeSync(fd)
  })

  it('writes nothing for nothing', async () => {
    expect(await writeAll(-1, Buffer.alloc(0), null)).toEqual({ written: 0 })
  })
})
