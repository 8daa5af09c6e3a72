import { describe, expect, it } from '@jest/globals'
import { printable } from '../../../src/cli/terminal/printable.js'

describe('printable', () => {
  it('escapes control characters and leaves backslashes, so that it may be applied twice', () => {
    const once = printable('a\\b\n\u001b]0;x\u0007')
    expect(once).toBe('a\\b\\n\\x1B]0;x\\x07')
    expect(printable(once)).toBe(once)
  })
})
