import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { Sink } from '../../../src/contracts/index.js'
import { deliver, type DeliverOptions } from '../../../src/pipeline/delivery/deliver.js'
import { deliveryOf } from '../../../src/pipeline/delivery/deliveryOf.js'
import { history } from '../../../src/sinks/index.js'
import { withDirectory } from '../../helpers/withDirectory.js'
import { FakeSink } from '../fakes.js'

const pipeline = { name: 'audit', queueSize: 262_144 }
const { STATE_DIRECTORY: stateDirectory } = process.env
afterEach(() => {
  if (stateDirectory === undefined) delete process.env.STATE_DIRECTORY
  else process.env.STATE_DIRECTORY = stateDirectory
})

function remote(address: string): Sink {
  const sink = new FakeSink('webhook')
  return Object.assign(sink, { remote: address })
}

describe('deliver', () => {
  it('leaves the sink as it is', async () => {
    const sink = new FakeSink('memory')
    sink.checkError = new Error('not today')
    const delivered = deliver(sink, { queue: 5 })
    expect(delivered).toMatchObject({ name: 'memory', description: sink.description })
    await expect(delivered.check()).rejects.toThrow('not today')
    expect(await delivered.destination!()).toBeUndefined()
  })

  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [{ full: 'spill' }, 'full is not an option'],
    [{ whenFull: 'block' }, 'whenFull is not known'],
    [{ queue: 0 }, 'queue must be a whole number'],
    [{ whenFull: 'spill' }, 'spool.path is missing'],
    [{ spool: { size: 1_000_000 } }, 'spool.path is missing'],
    [{ whenFull: 'fail', spool: { path: 'a' } }, "spool is not used with whenFull: 'fail'"],
    [{ spool: { path: 'a/' } }, 'spool.path must be the path of a file'],
    [{ spool: { path: 'a', size: 10 } }, 'spool.size must be a number of bytes'],
    [{ spool: { path: 'a', whenFull: 'block' } }, 'spool.whenFull is not known'],
    [{ retry: 3 }, 'retry must be true, false or an object'],
    [{ retry: { first: 0 } }, 'retry.first must be a whole number'],
  ])('refuses %j', (options, message) => {
    expect(() => deliver(new FakeSink(), options as DeliverOptions)).toThrow(`deliver: ${message}`)
  })

  it('refuses what is no sink, a sink twice, and a spool for whole contents', () => {
    expect(() => deliver(undefined as unknown as Sink, {})).toThrow('deliver: sink is not a sink')
    expect(() => deliver(deliver(new FakeSink(), {}), {})).toThrow(
      'deliver: sink has been given to deliver already',
    )
    const kept = { spool: { path: 'a' } }
    expect(() => deliver(history({ directory: 'x' }), kept)).toThrow("cannot be 'spill' for the sink history")
  })
})

describe('deliveryOf', () => {
  it('is the oldest dropped, and nothing tried again, for a sink of this machine', () => {
    expect(deliveryOf(new FakeSink(), pipeline)).toMatchObject({
      whenFull: 'dropOldest',
      queue: 262_144,
      spool: undefined,
      retry: undefined,
    })
  })

  it('is a spool of its own for a remote sink, the same each time and without what its address says', () =>
    withDirectory((directory) => {
      process.env.STATE_DIRECTORY = `${directory}:/elsewhere`
      const first = deliveryOf(remote('https://example.org/?token=secret'), pipeline)
      expect(first).toMatchObject({ whenFull: 'spill', queue: 32_768, problem: undefined })
      expect(first.spool!.path).toMatch(new RegExp(`^${directory}/spool/webhook-[0-9a-f]{16}\\.db$`))
      expect(first.retry).toMatchObject({ openAfter: 5, giveUpAfter: Infinity })
      const path = (sink: Sink, name = 'audit') => deliveryOf(sink, { ...pipeline, name }).spool!.path
      expect(path(remote('https://example.org/?token=secret'))).toBe(first.spool!.path)
      expect(path(remote('https://example.org/'))).not.toBe(first.spool!.path)
      expect(path(remote('https://example.org/?token=secret'), 'other')).not.toBe(first.spool!.path)
    }))

  it('does without where the directory cannot be had, but not when the spool was declared', () => {
    process.env.STATE_DIRECTORY = '/proc/version'
    const given = deliveryOf(remote('https://example.org'), pipeline)
    expect(given).toMatchObject({ whenFull: 'dropOldest', spool: undefined, problem: undefined })
    expect(given.retry).toBeDefined()
    expect(given.unspooled).toMatchObject({ code: 'FSFLOW_SPOOL' })
    const declared = deliveryOf(deliver(remote('https://example.org'), { whenFull: 'spill' }), pipeline)
    expect(declared.problem).toMatchObject({ code: 'FSFLOW_SPOOL' })
  })

  it('takes what was declared', () =>
    withDirectory((directory) => {
      const path = join(directory, 'events.db')
      const sink = deliver(new FakeSink(), {
        queue: 7,
        spool: { path, whenFull: 'fail' },
        retry: { openAfter: 1 },
      })
      expect(deliveryOf(sink, pipeline)).toMatchObject({
        whenFull: 'spill',
        queue: 7,
        spool: { path, size: 2 ** 30, whenFull: 'fail' },
        retry: { first: 500, longest: 30_000, openAfter: 1 },
      })
      const none = deliver(remote('https://example.org'), { whenFull: 'dropOldest', retry: false })
      expect(deliveryOf(none, pipeline)).toMatchObject({
        whenFull: 'dropOldest',
        spool: undefined,
        retry: undefined,
      })
    }))
})
