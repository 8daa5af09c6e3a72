import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { DrainThread, type DrainFeed } from '../../src/linux/DrainThread.js'
import { threadCount } from '../helpers/procSelf.js'
import { itWith, mounting } from '../helpers/requires.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { withMount } from '../helpers/withFilesystem.js'

const WIDE = 1024 * 1024
// Fewer than the FIFO holds.
const WRITES = 40_000

// What one read of the worker gives at most.
const READ = 65_536
const HALF_READ = READ / 2

/** Writes so many bytes into a FIFO that a thread is emptying. */
function writeWhole(fd: number, bytes: number): void {
  for (let left = bytes; left > 0;) {
    try {
      left -= fs.writeSync(fd, Buffer.alloc(left, 'x'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

/** A FIFO stands in for the inotify descriptor: what is written to it arrives. */
async function withFifo(use: (fd: number) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const path = join(directory, 'fifo')
    execFileSync('mkfifo', [path])
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
    try {
      await use(fd)
    } finally {
      fs.closeSync(fd)
    }
  })
}

class Received {
  text = ''
  batches = 0
  readonly failures: Error[] = []

  onBatch(buffer: Uint8Array): void {
    this.text += Buffer.from(buffer).toString()
    this.batches++
  }

  onFailure(error: Error): void {
    this.failures.push(error)
  }
}

describe('DrainThread', () => {
  it('hands on what it reads, in order, and leaves no thread', () =>
    withFifo(async (fd) => {
      await new DrainThread(fd, WIDE, new Received()).stop()
      const before = threadCount()
      const received = new Received()
      const thread = new DrainThread(fd, WIDE, received)
      let sent = ''
      for (let i = 0; i < 50; i++) {
        fs.writeSync(fd, `${i} `)
        sent += `${i} `
        if (i % 10 === 0) {
          await until(
            () => received.text === sent,
            () => sent,
          )
        }
      }
      await until(
        () => received.text === sent,
        () => sent,
      )
      await thread.stop()
      expect(threadCount()).toBe(before)
      expect(received.failures).toEqual([])
    }))

  it('reads what there is in the next turn, before its thread is there, when it is told to', () =>
    withFifo(async (fd) => {
      const received = new Received()
      fs.writeSync(fd, 'before ')
      const thread = new DrainThread(fd, WIDE, received, { readsFirst: true })
      fs.writeSync(fd, 'at once ')
      expect(received.text).toBe('')
      await new Promise(setImmediate)
      expect(received.text).toBe('before at once ')
      fs.writeSync(fd, 'later')
      await until(
        () => received.text === 'before at once later',
        () => received.text,
      )
      await thread.stop()
      expect(received.failures).toEqual([])
    }))

  it('reads nothing when it is stopped before that', () =>
    withFifo(async (fd) => {
      const received = new Received()
      fs.writeSync(fd, 'a')
      await new DrainThread(fd, WIDE, received, { readsFirst: true }).stop()
      expect(received.text).toBe('')
    }))

  it('stops reading while more than the backlog is unhandled, and goes on after', () =>
    withFifo(async (fd) => {
      const received = new Received()
      const thread = new DrainThread(fd, 1, received)
      fs.writeSync(fd, 'a')
      await until(
        () => received.text === 'a',
        () => 'a',
      )
      // The main thread handles nothing meanwhile: the first read is the last until it does.
      for (let i = 0; i < WRITES; i++) fs.writeSync(fd, 'b')
      await until(
        () => received.text.length === 1 + WRITES,
        () => `${1 + WRITES} bytes, so far ${received.text.length}`,
      )
      expect(received.batches).toBeLessThanOrEqual(4)
      await thread.stop()
    }))

  it('hands on no more than what one read gives in a turn of the event loop', () =>
    withFifo(async (fd) => {
      const turns: number[][] = [[]]
      let isOver = false
      const nextTurn = (): void => {
        turns.push([])
        if (!isOver) setImmediate(nextTurn)
      }
      const bytes = () => turns.flat().reduce((sum, batch) => sum + batch, 0)
      const listener = {
        onBatch: (buffer: Uint8Array) => void turns.at(-1)!.push(buffer.byteLength),
        onFailure: (error: Error) => {
          throw error
        },
      }
      const thread = new DrainThread(fd, WIDE, listener)
      fs.writeSync(fd, 'a')
      await until(
        () => bytes() === 1,
        () => 'the first byte',
      )
      nextTurn()
      // While the main thread writes it handles nothing: all of it waits in its inbox in the end.
      for (let written = 0; written < HALF_READ * 20; written += HALF_READ) writeWhole(fd, HALF_READ)
      await until(
        () => bytes() === 1 + HALF_READ * 20,
        () => `all bytes, so far ${bytes()}`,
      )
      isOver = true
      const full = turns.slice(1).filter((batches) => batches.length > 0)
      expect(full.length).toBeGreaterThan(5)
      for (const batches of full) {
        const before = batches.slice(0, -1).reduce((sum, batch) => sum + batch, 0)
        expect(before).toBeLessThan(READ)
      }
      await thread.stop()
    }))

  it('keeps the order of small turns and large ones, while the main thread is busy and when it is not', () =>
    withFifo(async (fd) => {
      const received = new Received()
      const thread = new DrainThread(fd, WIDE, received)
      let sent = ''
      const write = (text: string): void => {
        fs.writeSync(fd, text)
        sent += text
      }
      write('begin ')
      await until(
        () => received.text === sent,
        () => 'the first turn',
      )
      const pause = new Int32Array(new SharedArrayBuffer(4))
      for (let round = 0; round < 5; round++) {
        const before = received.batches
        for (let i = 0; i < 20; i++) {
          write(i % 7 === 3 ? `${i}`.repeat(3000) : `${i} `)
          // The worker reads each alone; the first lies in the slot until this thread is done.
          Atomics.wait(pause, 0, 0, 2)
        }
        await until(
          () => received.text.length === sent.length,
          () => `${sent.length} characters, so far ${received.text.length}`,
        )
        expect(received.text === sent).toBe(true)
        expect(received.batches - before).toBeGreaterThan(1)
      }
      await thread.stop()
    }))

  itWith([mounting], 'tells that something was mounted or unmounted, to those who ask for it', () =>
    withFifo((fd) =>
      withFifo((other) =>
        withDirectory(async (directory) => {
          let mounts = 0
          const received = new Received()
          const silent = new Received()
          const thread = new DrainThread(fd, WIDE, {
            onBatch: (buffer) => received.onBatch(buffer),
            onFailure: (error) => received.onFailure(error),
            onMounts: () => (mounts += 1),
          })
          const unasked = new DrainThread(other, WIDE, silent)
          const told = (count: number) =>
            until(
              () => mounts >= count,
              () => `word ${count} of a change of the mounts`,
            )
          fs.writeSync(fd, 'a')
          await until(
            () => received.text === 'a',
            () => 'a',
          )
          let before = mounts
          await withMount(['-t', 'tmpfs', 'tmpfs'], directory, async () => {
            await told(before + 1)
            before = mounts
          })
          await told(before + 1)
          // Events go on being read.
          for (const end of [fd, other]) fs.writeSync(end, 'b')
          await until(
            () => received.text === 'ab' && silent.text === 'b',
            () => 'b',
          )
          await Promise.all([thread.stop(), unasked.stop()])
          expect([...received.failures, ...silent.failures]).toEqual([])
        }),
      ),
    ),
  )

  it('says which system call failed', () =>
    withDirectory(async (directory) => {
      const fd = fs.openSync(directory, 'r')
      const received = new Received()
      const thread = new DrainThread(fd, WIDE, received)
      await until(
        () => received.failures.length > 0,
        () => 'a failure',
      )
      expect(received.failures).toMatchObject([
        { code: 'FSFLOW_KERNEL', message: 'read on the inotify descriptor failed: EISDIR' },
      ])
      await thread.stop()
      fs.closeSync(fd)
    }))

  it('applies what the feeds say before the events of the same turn, the last feed first', () =>
    withFifo((events) =>
      withFifo((first) =>
        withFifo(async (second) => {
          const log: string[] = []
          const feed = (name: string, fd: number): DrainFeed => ({
            fd,
            apply: (buffer) => void log.push(`${name} ${Buffer.from(buffer).toString()}`),
            failed: (errno) => void log.push(`${name} failed ${errno}`),
          })
          fs.writeSync(events, 'event')
          fs.writeSync(first, 'one')
          fs.writeSync(second, 'two')
          const thread = new DrainThread(
            events,
            WIDE,
            {
              onBatch: (buffer) => void log.push(Buffer.from(buffer).toString()),
              onFailure: (error) => void log.push(error.message),
            },
            { feeds: [feed('first', first), feed('second', second)] },
          )
          const told = (count: number) =>
            until(
              () => log.length === count,
              () => `${count} in ${log.join(', ')}`,
            )
          await told(3)
          fs.writeSync(second, 'alone')
          await told(4)
          await thread.stop()
          expect(log).toEqual(['second two', 'first one', 'event', 'second alone'])
        }),
      ),
    ))

  it('tells a feed that it cannot be read, and goes on with the events', () =>
    withFifo((events) =>
      withDirectory(async (directory) => {
        const fd = fs.openSync(directory, 'r')
        const failures: number[] = []
        const received = new Received()
        const feed = { fd, apply: () => undefined, failed: (errno: number) => void failures.push(errno) }
        const thread = new DrainThread(events, WIDE, received, { feeds: [feed] })
        fs.writeSync(events, 'event')
        await until(
          () => received.text === 'event' && failures.length > 0,
          () => 'the event and the failure',
        )
        await thread.stop()
        fs.closeSync(fd)
        expect(failures[0]).toBe(constants.errno.EISDIR)
        expect(received.failures).toEqual([])
      }),
    ))
})
