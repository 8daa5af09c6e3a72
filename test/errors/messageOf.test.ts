import { describe, expect, it } from '@jest/globals'
import { runInNewContext } from 'node:vm'
import { FsflowError } from '../../src/errors/index.js'
import { isError, messageOf } from '../../src/errors/messageOf.js'

describe('messageOf', () => {
  it.each([
    ['an error', new TypeError('wrong'), 'wrong'],
    ['one of ours', new FsflowError({ code: 'FSFLOW_KERNEL', message: 'ours' }), 'ours'],
    ['one of another realm', runInNewContext("new Error('there')"), 'there'],
    ['a text', 'no luck', 'no luck'],
    ['undefined', undefined, 'undefined'],
    ['an object', { a: 1, b: ['c'] }, "{ a: 1, b: [ 'c' ] }"],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
  ])('tells %s', (_, thrown, text) => {
    expect(messageOf(thrown)).toBe(text)
  })

  it('is one line for an object of any size', () => {
    const rows = Array.from({ length: 50 }, (_, index) => ({
      index,
      text: 'x'.repeat(50),
      deep: { a: { b: 1 } },
    }))
    expect(messageOf({ rows })).not.toContain('\n')
  })
})

describe('isError', () => {
  it('knows the errors of another realm, and nothing else', () => {
    expect(isError(runInNewContext('new RangeError()'))).toBe(true)
    expect(isError({ message: 'x' })).toBe(false)
    expect(isError('x')).toBe(false)
  })
})
