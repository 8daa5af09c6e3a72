import { describe, expect, it } from '@jest/globals'
import {
  controlEventTypes,
  eventGroups,
  eventTypes,
  expandEventTypes,
  isControlType,
  isEventType,
} from '../../src/events/index.js'

describe('eventTypes', () => {
  it('lists each type once', () => {
    expect(new Set(eventTypes).size).toBe(eventTypes.length)
    expect(eventTypes).toHaveLength(20)
  })

  it('isEventType knows them, in this spelling only', () => {
    expect(eventTypes.every(isEventType)).toBe(true)
    for (const other of ['create', 'CREATED', '', 'all', 'constructor', undefined, 1]) {
      expect(isEventType(other)).toBe(false)
    }
  })

  it('isControlType is true for those about the stream', () => {
    expect(eventTypes.filter(isControlType)).toEqual([...controlEventTypes])
  })

  it('every type that is not a control type is in changes or in access, and none in both', () => {
    const grouped = [...eventGroups.changes, ...eventGroups.access]
    expect(new Set(grouped).size).toBe(grouped.length)
    expect([...grouped].sort()).toEqual(eventTypes.filter((type) => !isControlType(type)).sort())
  })
})

describe('expandEventTypes', () => {
  it('takes types and groups together', () => {
    expect(expandEventTypes(['CREATE', 'access'])).toEqual(new Set(['CREATE', ...eventGroups.access]))
    expect(expandEventTypes(['all'])).toEqual(new Set(eventTypes))
  })

  it('is empty for nothing', () => {
    expect(expandEventTypes([])).toEqual(new Set())
  })

  it('names what it does not know', () => {
    expect(expandEventTypes(['CREATE', 'creates', 'nope'])).toEqual({ unknown: 'creates' })
    expect(expandEventTypes(['toString'])).toEqual({ unknown: 'toString' })
  })
})
