import { describe, expect, it } from '@jest/globals'
import { filter, map, tap } from 'rxjs'
import { describeOperator, type Operator } from '../../src/contracts/index.js'
import type { FsflowError } from '../../src/errors/index.js'
import { definePipeline } from '../../src/pipeline/definePipeline.js'
import { isPipeline, type PipelineDefinition } from '../../src/pipeline/Pipeline.js'
import { FakeSink, FakeSource, thrownBy } from './fakes.js'

const source = new FakeSource()
const sink = new FakeSink()
const needsPath = describeOperator({ name: 'filterGlob', needsPath: true }, (events) => events)
const resolvePath = describeOperator({ name: 'resolvePath', providesPath: true }, (events) => events)

describe('definePipeline', () => {
  it('fills in the defaults and freezes what it returns', () => {
    const pipeline = definePipeline({ source, sinks: [sink] })
    expect(pipeline).toMatchObject({ operators: [], drainTimeout: 2000, queueSize: 262_144 })
    expect(Object.isFrozen(pipeline)).toBe(true)
    expect(Object.isFrozen(pipeline.sinks)).toBe(true)
  })

  it('opens nothing', () => {
    const fresh = new FakeSource()
    const closed = new FakeSink()
    definePipeline({ source: fresh, sinks: [closed] })
    expect(fresh.request).toBeUndefined()
    expect(closed.opened).toBe(0)
  })

  it('is recognised by its brand, not by its class', () => {
    const pipeline = definePipeline({ source, sinks: [sink] })
    expect(isPipeline(pipeline)).toBe(true)
    expect(isPipeline({ ...pipeline })).toBe(false)
    expect(isPipeline(Object.defineProperty({}, Symbol.for('fsflow.pipeline'), { value: true }))).toBe(true)
  })

  it('takes any RxJS operator, with the types of its callback inferred', () => {
    const pipeline = definePipeline({
      source,
      operators: [
        filter((event) => event.isDirectory),
        map((event) => event.with({ filePath: event.filePath.toUpperCase() })),
        tap({ next: (event) => event.seq }),
      ],
      sinks: [sink],
    })
    expect(pipeline.operators).toHaveLength(3)
  })

  it('does not keep the lists that it was given', () => {
    const operators: Operator[] = []
    const pipeline = definePipeline({ source, operators, sinks: [sink] })
    operators.push(filter(() => true))
    expect(pipeline.operators).toEqual([])
  })

  const holed: unknown[] = []
  holed[1] = sink
  const cases: readonly (readonly [string, unknown, string, string])[] = [
    ['no object', 'text', 'the pipeline is not an object', 'definePipeline({'],
    ['null', null, 'the pipeline is not an object', 'definePipeline({'],
    ['an array', [], 'the pipeline is not an object', 'definePipeline({'],
    [
      'an unknown key',
      { source, sinks: [sink], colour: 1 },
      'colour is not a key',
      'The keys are: name, source',
    ],
    ['a misspelt key', { source, sink: [sink] }, 'sink is not a key', 'Did you mean "sinks"?'],
    ['no source', { sinks: [sink] }, 'source is missing', 'inotify({'],
    ['a list of sources', { source: [source], sinks: [sink] }, 'source is an array', 'one source'],
    [
      'a sink as source',
      { source: sink, sinks: [sink] },
      'source is not a source but a sink (memory)',
      'sinks',
    ],
    [
      'a source that was not called',
      { source: function inotify() {}, sinks: [sink] },
      'source is not a source but a function (inotify)',
      'Did you forget to call it? Write inotify()',
    ],
    [
      'operators not a list',
      { source, operators: 7, sinks: [sink] },
      'operators is not an array',
      'operators: [',
    ],
    [
      'an operator undefined',
      { source, operators: [resolvePath, undefined], sinks: [sink] },
      'operators[1] is not a function but undefined',
      'imported',
    ],
    [
      'an operator null',
      { source, operators: [null], sinks: [sink] },
      'operators[0] is not a function but null',
      '',
    ],
    [
      'a sink as operator',
      { source, operators: [sink], sinks: [sink] },
      'operators[0] is not a function but a sink (memory)',
      'list "sinks"',
    ],
    [
      'a Promise as operator',
      { source, operators: [Promise.resolve()], sinks: [sink] },
      'operators[0] is not a function but a Promise',
      'await',
    ],
    [
      'a list in the list',
      { source, operators: [[resolvePath]], sinks: [sink] },
      'operators[0] is not a function but an array',
      'Spread',
    ],
    ['no sinks', { source }, 'sinks is missing', 'watch()'],
    ['an empty list of sinks', { source, sinks: [] }, 'sinks is empty', 'watch()'],
    ['sinks not a list', { source, sinks: sink }, 'sinks is not an array but a sink (memory)', 'sinks: ['],
    [
      'a sink that was not called',
      { source, sinks: [function ndjson() {}] },
      'sinks[0] is not a sink but a function (ndjson)',
      'Write ndjson()',
    ],
    [
      'a path as sink',
      { source, sinks: [sink, 'x.csv'] },
      'sinks[1] is not a sink but a string',
      'fsflow/sinks',
    ],
    ['a hole in the list', { source, sinks: holed }, 'sinks[0] is not a sink but undefined', 'imported'],
    ['a name that is none', { source, sinks: [sink], name: 7 }, 'name is not a string', ''],
    [
      'a negative timeout',
      { source, sinks: [sink], drainTimeout: -1 },
      'drainTimeout is not a number',
      '0 or more',
    ],
    ['a timeout NaN', { source, sinks: [sink], drainTimeout: NaN }, 'drainTimeout is not a number', ''],
    [
      'an empty queue',
      { source, sinks: [sink], queueSize: 0 },
      'queueSize is not a number of events',
      '1 or more',
    ],
    [
      'an operator before the paths it needs',
      {
        source: new FakeSource({ providesPaths: false }),
        operators: [needsPath, resolvePath],
        sinks: [sink],
      },
      'operators[0] (filterGlob) needs paths, which the events of fake do not have yet',
      'Put resolvePath() before it.',
    ],
  ]
  it.each(cases)('refuses %s', (_, definition, message, hint) => {
    const error = thrownBy(() => definePipeline(definition as PipelineDefinition)) as FsflowError
    expect(error.code).toBe('FSFLOW_INVALID_PIPELINE')
    expect(error.message).toContain(message)
    expect(error.hint ?? '').toContain(hint)
  })

  it('lets operators that need paths stand first when the source provides them', () => {
    expect(definePipeline({ source, operators: [needsPath], sinks: [sink] }).operators).toHaveLength(1)
  })
})
