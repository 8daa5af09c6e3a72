import { describe, expect, it } from '@jest/globals'
import { definePipeline, isPipeline, withSource } from '../../src/pipeline/index.js'
import { FakeSink, FakeSource } from './fakes.js'

describe('withSource', () => {
  it('is the same pipeline on another source, and leaves the first one as it was', () => {
    const pipeline = definePipeline({ name: 'one', source: new FakeSource(), sinks: [new FakeSink()] })
    const source = new FakeSource()
    const other = withSource(pipeline, source)
    expect(isPipeline(other)).toBe(true)
    expect(Object.isFrozen(other)).toBe(true)
    expect(other).toEqual({ ...pipeline, source })
    expect(other.source).toBe(source)
    expect(pipeline.source).not.toBe(source)
  })
})
