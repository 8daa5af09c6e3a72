import { describe, expect, it } from '@jest/globals'
import { Utf8Buffer } from '../../../src/formats/Utf8Buffer.js'
import { asText } from '../../../src/sinks/output/Encode.js'
import { linesFor } from '../../../src/sinks/output/recordOptions.js'
import { fileEvent } from '../../../src/testing/index.js'

const events = (count: number) =>
  Array.from({ length: count }, (_, i) => fileEvent({ seq: i + 1, filePath: `/srv/${i}` }))

describe('asText', () => {
  it.each([0, 1, 63, 64, 65, 1000])('gives the bytes of %d events, each once and in order', (count) => {
    const format = (batch: ReturnType<typeof events>) => batch.map(({ seq }) => `${seq}\n`).join('')
    const to = new Utf8Buffer(0)
    asText((batch) => format([...batch]))(events(count), to)
    expect(to.bytes.toString()).toBe(format(events(count)))
  })
})

describe('linesFor', () => {
  it.each(['json', 'ecs', 'ocsf', 'cloudevents'] as const)('makes one object a line, %s', (format) => {
    const to = new Utf8Buffer(0)
    linesFor(format)(events(70), to)
    const lines = to.bytes.toString().split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => typeof JSON.parse(line))).toEqual(Array(70).fill('object'))
    expect(lines.filter((line) => line.includes('/srv/69'))).toHaveLength(1)
  })
})
