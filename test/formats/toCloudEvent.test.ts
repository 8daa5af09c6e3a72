import { describe, expect, it } from '@jest/globals'
import { toWire } from '../../src/events/index.js'
import { toCloudEvent } from '../../src/formats/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'

describe('toCloudEvent', () => {
  it('has the attributes that CloudEvents 1.0 requires, and the wire form as its data', () => {
    const event = fileEvent('CLOSE_WRITE /a', { timestampMicros: 1_767_225_600_123_456 })
    expect(toCloudEvent(event, { id: 'r.1', source: '/fsflow/host' })).toEqual({
      specversion: '1.0',
      id: 'r.1',
      source: '/fsflow/host',
      type: 'fsflow.close_write',
      subject: '/a',
      time: '2026-01-01T00:00:00.123456Z',
      datacontenttype: 'application/json',
      data: toWire(event),
    })
  })

  it('has no subject, which must not be empty, without a path', () => {
    expect(toCloudEvent(fileEvent('OVERFLOW'), { id: '1', source: '/' })).not.toHaveProperty('subject')
  })
})
