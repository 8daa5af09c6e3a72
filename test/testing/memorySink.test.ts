import { describe, expect, it } from '@jest/globals'
import { toWire } from '../../src/events/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { memorySink } from '../../src/testing/memorySink.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { sinkContext } from '../helpers/sinkContext.js'

const events = ['/a', '/b', '/c'].map((path, seq) => fileEvent(`CREATE ${path}`, { seq }))

describe('memorySink', () => {
  const laws = sinkLaws(() => {
    const sink = memorySink()
    return { sink, read: () => Promise.resolve(sink.events.map(toWire)) }
  })
  it.each(laws)('$name', (law) => law.run())

  it('keeps the very events', async () => {
    const sink = memorySink({ name: 'first' })
    await (await sink.open(sinkContext())).write(events)
    expect(sink.name).toBe('first')
    expect(sink.events).toHaveLength(3)
    expect(sink.events[1]).toBe(events[1])
  })

  it('failAfter takes that many events and loses the others', async () => {
    const sink = memorySink({ failAfter: 2 })
    const writer = await sink.open(sinkContext())
    const refusal = (lost: number) => expect.objectContaining({ code: 'FSFLOW_SINK_WRITE', lost })
    await writer.write(events.slice(0, 1))
    await expect(writer.write(events.slice(1))).rejects.toEqual(refusal(1))
    await expect(writer.write(events)).rejects.toEqual(refusal(3))
    expect(sink.events).toEqual(events.slice(0, 2))
  })

  it.each([
    { names: 'x' },
    { name: '' },
    { name: 1 },
    { failAfter: -1 },
    { failAfter: NaN },
    { failAfter: '2' },
  ])('refuses %j', (options) => {
    expect(() => memorySink(options as object)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION' }),
    )
  })
})
