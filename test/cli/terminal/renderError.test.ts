import { describe, expect, it } from '@jest/globals'
import { FsflowError } from '../../../src/errors/index.js'
import { renderError } from '../../../src/cli/terminal/renderError.js'

describe('renderError', () => {
  const error = new FsflowError({
    code: 'FSFLOW_WATCH_LIMIT',
    message: 'no\nmore \u001b[31mwatches',
    hint: 'Raise\tthe limit.',
    cause: new TypeError('why'),
  })

  it('is one line with the code, and one with the hint', () => {
    expect(renderError(error, false)).toBe(
      'fsflow: error: no\\nmore \\x1B[31mwatches (FSFLOW_WATCH_LIMIT)\nfsflow: hint: Raise\\tthe limit.\n',
    )
  })

  it('has the stacks of it and of its causes when it is verbose', () => {
    const text = renderError(error, true)
    expect(text).toMatch(/\n\s+at [^]*\ncaused by TypeError: why\n\s+at /)
    expect(text).not.toContain('\u001b')
  })

  it('shows what is no error of ours, and what is no error', () => {
    expect(renderError(new Error('plain'), false)).toBe('fsflow: error: plain\n')
    expect(renderError('text', false)).toBe('fsflow: error: text\n')
    expect(renderError({ a: 1 }, false)).toBe('fsflow: error: { a: 1 }\n')
  })

  it('ends for a cause that leads back to itself', () => {
    const loop = new Error('loop')
    loop.cause = loop
    expect(renderError(loop, true)).toContain('caused by')
  })
})
