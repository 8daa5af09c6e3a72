import { describe, expect, it } from '@jest/globals'
import * as fsflow from '../src/index.js'

describe('the package', () => {
  it('exports what a pipeline file and a program need, and nothing by default', () => {
    for (const name of [
      'definePipeline',
      'run',
      'watch',
      'loadPipeline',
      'planPipeline',
      'describePlan',
    ] as const) {
      expect(typeof fsflow[name]).toBe('function')
    }
    for (const name of ['FileEvent', 'FsflowError', 'describeOperator', 'toWire', 'eventSchema'] as const) {
      expect(fsflow[name]).toBeDefined()
    }
    expect('default' in fsflow).toBe(false)
  })
})
