import { describe, expect, it } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { eventSchema, eventTypes, FileEvent, toWire } from '../../src/events/index.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(eventSchema)

function problems(input: unknown): unknown {
  validate(input)
  return validate.errors
}

function wire(changes: object = {}): object {
  const event = new FileEvent({
    timestampMicros: 1,
    seq: 0,
    eventType: 'CREATE',
    filePath: '/a',
    source: 'inotify',
  })
  return { ...toWire(event), ...changes }
}

describe('eventSchema', () => {
  it.each(eventTypes)('accepts %s', (event_type) => {
    expect(problems(wire({ event_type }))).toBeNull()
  })

  it('accepts whatever toWire makes', () => {
    fc.assert(fc.property(arbitraryEvent, (event) => expect(problems(toWire(event))).toBeNull()))
  })

  it('is JSON itself', () => {
    expect(JSON.parse(JSON.stringify(eventSchema))).toEqual(eventSchema)
  })

  it.each([
    ['a field that is not known', { path: '/a' }],
    ['a type that is not known', { event_type: 'CREATED' }],
    ['a relative path', { file_path: 'a' }],
    ['milliseconds', { timestamp: '2026-01-01T00:00:00.000Z' }],
    ['seq below zero', { seq: -1 }],
    ['a batch below one', { batch_id: 0 }],
    ['an empty batch', { batch_size: 0 }],
    ['synthetic: false, which is left out', { synthetic: false }],
    ['null where only absent is meant', { cookie: null }],
    ['a required field missing', { source: undefined }],
    ['operation_details without size_change', { operation_details: { description: 'x' } }],
    ['a field of a detail in camelCase', { operation_details: { description: 'x', sizeChange: 1 } }],
    ['control_details that are null', { control_details: null }],
  ])('refuses %s', (_, changes) => {
    expect(problems(JSON.parse(JSON.stringify(wire(changes))))).not.toBeNull()
  })
})
