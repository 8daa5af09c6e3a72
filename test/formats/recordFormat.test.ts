import { describe, expect, it } from '@jest/globals'
import { toWire } from '../../src/events/index.js'
import { toEcs, toJson, toOcsf } from '../../src/formats/index.js'
import { recordEncoder, toRecord } from '../../src/formats/recordFormat.js'
import { fileEvent } from '../../src/testing/fileEvent.js'

const event = fileEvent('CREATE /a', { seq: 7 })
const place = { run: 'run', host: 'ada b' }
const context = { id: 'run.7', host: 'ada b' }

describe('recordEncoder', () => {
  it('makes of an event what the format says, its id of the run and the place in the stream', () => {
    expect(recordEncoder('json', place)(event)).toBe(toJson(event))
    expect(recordEncoder('ecs', place)(event)).toBe(JSON.stringify(toEcs(event, context)))
    expect(recordEncoder('ocsf', place)(event)).toBe(JSON.stringify(toOcsf(event, context)))
    expect(JSON.parse(recordEncoder('cloudevents', place)(event))).toMatchObject({
      specversion: '1.0',
      id: 'run.7',
      source: '/fsflow/ada%20b',
    })
  })
})

describe('toRecord', () => {
  it('is the wire form where no schema is asked for', () => {
    expect(toRecord('json', event, context)).toEqual(toWire(event))
  })
})
