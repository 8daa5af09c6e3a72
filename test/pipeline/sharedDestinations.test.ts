import { describe, expect, it } from '@jest/globals'
import { definePipeline } from '../../src/pipeline/definePipeline.js'
import { checkPlan } from '../../src/pipeline/checkPlan.js'
import { planPipeline } from '../../src/pipeline/planPipeline.js'
import { run } from '../../src/pipeline/run.js'
import { FakeSink, FakeSource } from './fakes.js'

function sink(destination: string | undefined): FakeSink {
  return Object.assign(new FakeSink(), { destination: () => Promise.resolve(destination) })
}

const pipelineOf = (sinks: FakeSink[]) => definePipeline({ source: new FakeSource(), sinks })

const problemsOf = async (...sinks: FakeSink[]): Promise<string[]> => {
  const { problems } = await checkPlan(planPipeline(pipelineOf(sinks)))
  return problems.map(({ message }) => message)
}

describe('sinks with the same destination', () => {
  it('are a problem that names both', async () => {
    expect(await problemsOf(sink('/a'), sink('/b'), sink('/a'), sink('/b'))).toEqual([
      'sinks[2] writes to the same place as sinks[0]: keeps events in memory',
      'sinks[3] writes to the same place as sinks[1]: keeps events in memory',
    ])
  })

  it('are none when they name no destination', async () => {
    expect(
      await problemsOf(new FakeSink(), sink(undefined), sink(undefined), new FakeSink(), sink('/a')),
    ).toEqual([])
  })

  it('keep a run from opening anything', async () => {
    const sinks = [sink('/a'), sink('/a')]
    await expect(run(pipelineOf(sinks)).done).rejects.toMatchObject({
      code: 'FSFLOW_INVALID_PIPELINE',
      path: 'sinks[1]',
      hint: expect.stringContaining('a path of its own'),
    })
    expect(sinks.map(({ opened }) => opened)).toEqual([0, 0])
  })

  it('one that does not know its destination is a problem too', async () => {
    const lost = Object.assign(new FakeSink(), { destination: () => Promise.reject(new Error('who knows')) })
    expect(await problemsOf(lost)).toEqual(['who knows'])
  })
})
