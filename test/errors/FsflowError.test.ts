import { describe, expect, it } from '@jest/globals'
import { SinkWriteError } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'

const details = { code: 'FSFLOW_SINK_OPEN', message: 'cannot write', path: '/a', hint: 'mkdir' } as const

describe('FsflowError', () => {
  it('carries code, path, hint and cause', () => {
    const cause = new Error('ENOENT')
    const error = new FsflowError({ ...details, cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ ...details, cause, name: 'FsflowError' })
    expect(String(error)).toBe('FsflowError: cannot write')
    expect(error.stack).toContain('FsflowError.test')
  })

  it('has no cause when none was given', () => {
    expect('cause' in new FsflowError(details)).toBe(false)
    expect(new FsflowError({ code: 'FSFLOW_USAGE', message: 'x' })).toMatchObject({
      path: undefined,
      hint: undefined,
    })
  })

  it('is() knows it and what extends it', () => {
    expect(FsflowError.is(new FsflowError(details))).toBe(true)
    expect(FsflowError.is(new SinkWriteError({ ...details, lost: 1 }))).toBe(true)
    for (const other of [new Error('x'), { code: 'FSFLOW_USAGE' }, null, undefined, 'FSFLOW_USAGE']) {
      expect(FsflowError.is(other)).toBe(false)
    }
  })

  it('is() knows one of another copy of this package', () => {
    class OtherCopy extends Error {}
    Object.defineProperty(OtherCopy.prototype, Symbol.for('fsflow.error'), { value: true })
    expect(FsflowError.is(new OtherCopy('x'))).toBe(true)
  })
})

describe('SinkWriteError', () => {
  it('tells how many events were lost', () => {
    const error = new SinkWriteError({ ...details, code: 'FSFLOW_DISK_FULL', lost: 3 })
    expect(error).toMatchObject({ code: 'FSFLOW_DISK_FULL', lost: 3, message: 'cannot write' })
  })
})
