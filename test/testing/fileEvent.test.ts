import { describe, expect, it } from '@jest/globals'
import { FsflowError } from '../../src/errors/index.js'
import { FileEvent, eventTypes, isControlType } from '../../src/events/index.js'
import { fileEvent } from '../../src/testing/index.js'

const defaults = { timestampMicros: 1_704_067_200_000_000, seq: 1, source: 'test' }

describe('fileEvent', () => {
  it.each([
    ['CREATE /a/b', { eventType: 'CREATE', filePath: '/a/b', isDirectory: false }],
    ['CREATE /a/b/', { eventType: 'CREATE', filePath: '/a/b', isDirectory: true }],
    ['OPEN /', { eventType: 'OPEN', filePath: '/', isDirectory: true }],
    ['MODIFY /with space', { eventType: 'MODIFY', filePath: '/with space' }],
    ['MODIFY /two\nlines', { eventType: 'MODIFY', filePath: '/two\nlines' }],
    ['MODIFY /a #b', { eventType: 'MODIFY', filePath: '/a #b' }],
    ['MODIFY /a -> b', { eventType: 'MODIFY', filePath: '/a -> b' }],
    ['MOVED_FROM /a #12', { eventType: 'MOVED_FROM', filePath: '/a', cookie: 12 }],
    ['MOVED_TO /a/ #12', { eventType: 'MOVED_TO', filePath: '/a', cookie: 12, isDirectory: true }],
    ['RENAME /a -> /b c', { eventType: 'RENAME', oldPath: '/a', filePath: '/b c' }],
    ['RENAME /a/ -> /b/', { eventType: 'RENAME', oldPath: '/a', filePath: '/b', isDirectory: true }],
    ['OVERFLOW', { eventType: 'OVERFLOW', filePath: '' }],
    ['WARNING /r', { eventType: 'WARNING', filePath: '/r' }],
  ] as const)('reads %j', (description, fields) => {
    expect(fileEvent(description)).toEqual(new FileEvent({ ...defaults, ...fields }))
  })

  it('reads every type', () => {
    for (const type of eventTypes) {
      const text = type === 'RENAME' ? 'RENAME /a -> /b' : isControlType(type) ? type : `${type} /b`
      expect(fileEvent(text).eventType).toBe(type)
    }
  })

  it('takes fields instead, and changes to either', () => {
    expect(fileEvent({ filePath: '/a' })).toEqual(
      new FileEvent({ ...defaults, eventType: 'MODIFY', filePath: '/a' }),
    )
    expect(fileEvent('CREATE /a', { seq: 9, pid: 7, root: '/' })).toEqual(
      new FileEvent({ ...defaults, eventType: 'CREATE', filePath: '/a', seq: 9, pid: 7, root: '/' }),
    )
  })

  it.each(['', 'create /a', 'CREATED /a', 'CREATE', 'CREATE ', 'RENAME /a', ' CREATE /a'])(
    'refuses %j',
    (text) => {
      let error: unknown
      try {
        fileEvent(text)
      } catch (thrown) {
        error = thrown
      }
      expect(FsflowError.is(error)).toBe(true)
      expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path: JSON.stringify(text) })
    },
  )
})
