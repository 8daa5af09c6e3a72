import { describe, expect, it } from '@jest/globals'
import { FsflowError, invalidOption, rejectUnknownOptions } from '../../src/errors/index.js'

describe('invalidOption', () => {
  it('names the function and the option', () => {
    const error = invalidOption('csv', 'path', 'is empty', 'Leave it out.')
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({
      code: 'FSFLOW_INVALID_OPTION',
      message: 'csv: path is empty',
      path: 'path',
      hint: 'Leave it out.',
    })
  })
})

describe('rejectUnknownOptions', () => {
  it('lets known options pass, whatever their value', () => {
    expect(() => rejectUnknownOptions('csv', { path: undefined, mkdir: 1 }, ['path', 'mkdir'])).not.toThrow()
    expect(() => rejectUnknownOptions('csv', {}, [])).not.toThrow()
  })

  it('names the first that is not known, and those that are', () => {
    expect(() => rejectUnknownOptions('csv', { path: 'x', mkdr: true }, ['path', 'mkdir'])).toThrow(
      expect.objectContaining({
        code: 'FSFLOW_INVALID_OPTION',
        message: 'csv: mkdr is not an option',
        hint: 'The options are: path, mkdir.',
      }),
    )
  })
})
