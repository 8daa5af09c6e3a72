import { describe, expect, it } from '@jest/globals'
import { renderIssue } from '../../../src/cli/terminal/renderIssue.js'

describe('renderIssue', () => {
  it('is one line', () => {
    const issue = { code: 'FSFLOW_X', message: 'two\nlines', hint: 'Do this.' }
    expect(renderIssue(issue)).toBe('fsflow: warning: two\\nlines (FSFLOW_X) Do this.\n')
    expect(renderIssue({ code: 'FSFLOW_X', message: 'm' })).toBe('fsflow: warning: m (FSFLOW_X)\n')
  })
})
