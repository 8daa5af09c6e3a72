import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, it } from '@jest/globals'
import { FsflowError } from '../../src/errors/index.js'
import { descriptorHint, systemError } from '../../src/linux/systemError.js'

describe('systemError', () => {
  it('gives a failed system call a code, its path and its cause', () => {
    let thrown: unknown
    try {
      readFileSync('/missing/file')
    } catch (error) {
      thrown = error
    }
    expect(systemError(thrown)).toMatchObject({
      code: 'FSFLOW_KERNEL',
      message: 'open /missing/file failed: ENOENT',
      path: '/missing/file',
      cause: thrown,
    })
  })

  it('leaves all else alone', () => {
    const own = new FsflowError({ code: 'FSFLOW_KERNEL', message: 'x' })
    expect(systemError(own)).toBe(own)
    const other = new Error('x')
    expect(systemError(other)).toBe(other)
  })

  it('says what to do about a lack of descriptors', () => {
    expect(descriptorHint(constants.errno.EMFILE)).toContain('ulimit -n')
    expect(descriptorHint(constants.errno.ENFILE)).toContain('fs.file-max')
    expect(descriptorHint(constants.errno.EACCES)).toBeUndefined()
  })
})
