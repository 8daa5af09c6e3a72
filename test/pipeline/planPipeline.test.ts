import { describe, expect, it } from '@jest/globals'
import { map, tap } from 'rxjs'
import { describeOperator, type OperatorInfo } from '../../src/contracts/index.js'
import { invalidOption } from '../../src/errors/index.js'
import { eventTypes, type EventType } from '../../src/events/index.js'
import { definePipeline } from '../../src/pipeline/definePipeline.js'
import { describePlan } from '../../src/pipeline/describePlan.js'
import { planPipeline } from '../../src/pipeline/planPipeline.js'
import type { Operator } from '../../src/contracts/index.js'
import { FakeSink, FakeSource, thrownBy } from './fakes.js'

const operator = (name: string, info: Omit<OperatorInfo, 'name'> = {}): Operator =>
  describeOperator({ name, ...info }, (events) => events)

const pruneA = (): boolean => true
const pruneB = (): boolean => false
const keep = (...types: EventType[]): Partial<OperatorInfo> => ({
  needsTypes: (wanted) => new Set(types.filter((type) => wanted.has(type))),
})

function plan(...operators: Operator[]) {
  const source = new FakeSource({ providesPaths: false })
  return planPipeline(definePipeline({ source, operators, sinks: [new FakeSink()] }))
}

describe('planPipeline', () => {
  it('pushes down the pruners of leading operators, past transparent ones', () => {
    const { request } = plan(
      operator('resolvePath', { transparent: true, providesPath: true }),
      operator('a', { transparent: true, prune: pruneA }),
      operator('b', { transparent: true, prune: pruneB }),
    )
    expect(request.prune).toEqual([pruneA, pruneB])
  })

  it('pushes down no pruner from behind an operator that may change events', () => {
    const { request } = plan(
      map((event) => event),
      operator('a', { transparent: true, prune: pruneA }),
    )
    expect(request.prune).toEqual([])
  })

  it('pushes down the pruner of an operator that is not transparent, and none behind it', () => {
    const { request, stages } = plan(operator('a', { prune: pruneA }), operator('b', { prune: pruneB }))
    expect(request.prune).toEqual([pruneA])
    expect(stages.map(({ pruning }) => pruning)).toEqual([true, false])
  })

  it('asks for every type when no operator says what it needs', () => {
    expect([...plan().request.eventTypes]).toEqual(eventTypes)
    expect([...plan(operator('a', keep('CREATE')), tap()).request.eventTypes]).toEqual(['CREATE'])
    expect([...plan(tap(), operator('a', keep('CREATE'))).request.eventTypes]).toEqual(eventTypes)
  })

  it('works out the types from the last operator to the first', () => {
    const join: Partial<OperatorInfo> = {
      needsTypes: (wanted) => new Set<EventType>([...wanted, 'MOVED_FROM', 'MOVED_TO']),
    }
    const { request } = plan(operator('joinRenames', join), operator('filterKinds', keep('DELETE', 'RENAME')))
    expect([...request.eventTypes].sort()).toEqual(['DELETE', 'MOVED_FROM', 'MOVED_TO', 'RENAME'])
  })

  it('has the source fill in paths only when resolvePath comes first', () => {
    const resolvePath = operator('resolvePath', { providesPath: true, transparent: true })
    expect(plan(resolvePath, tap()).request.resolvePaths).toBe(true)
    expect(plan(tap(), resolvePath).request.resolvePaths).toBe(false)
  })

  const filterGlob = (options: { include: string[] }): Operator => {
    if (!Array.isArray(options.include)) throw invalidOption('filterGlob', 'include', 'must be a list')
    return (events) => events
  }
  const curried = (): Operator => (events) => events
  const silent = (): void => undefined
  it.each([
    [
      'throws',
      filterGlob,
      '(filterGlob) is not an operator: filterGlob: include must be a list',
      'call it? filterGlob(...)',
    ],
    [
      'returns a function',
      curried,
      '(curried) is not an operator: it returns a function',
      'forget to call it',
    ],
    ['returns nothing', silent, '(silent) is not an operator: it returns undefined', 'forget to call it'],
  ])('refuses an operator that %s when it is applied', (_, wrong, message, hint) => {
    const error = thrownBy(() => plan(tap(), wrong as unknown as Operator))
    expect(error).toMatchObject({
      code: 'FSFLOW_INVALID_PIPELINE',
      message: expect.stringContaining(`operators[1] ${message}`),
      hint: expect.stringContaining(hint),
    })
  })

  const refused = new TypeError('no settings')
  const audit = (): never => {
    throw refused
  }
  const composed = (): never => {
    throw invalidOption('filterKinds', 'kinds[0]', 'is not known', 'One of: CREATE, ...')
  }
  it('shows the exception of an operator as it is, with its entry', () => {
    expect(thrownBy(() => plan(tap(), audit))).toMatchObject({
      code: 'FSFLOW_OPERATOR_FAILED',
      message: 'operators[1] (audit) failed: TypeError: no settings',
      path: 'operators[1]',
      hint: expect.stringContaining('If it is a function that makes an operator, call it. audit(...)'),
      cause: refused,
    })
    expect(thrownBy(() => plan(composed))).toMatchObject({
      code: 'FSFLOW_INVALID_OPTION',
      message: 'operators[0] (composed) failed: filterKinds: kinds[0] is not known',
      hint: 'One of: CREATE, ...',
    })
  })

  it('notes what is most likely not meant', () => {
    expect(plan().notes).toEqual(['events have no path: resolvePath() is not among the operators'])
    expect(plan(operator('resolvePath', { providesPath: true })).notes).toEqual([])
  })
})

describe('describePlan', () => {
  it('shows source, pushdown, operators with their options, sinks and notes', () => {
    const described = planPipeline(
      definePipeline({
        name: 'demo',
        source: new FakeSource({ providesPaths: false }),
        operators: [
          operator('filterKinds', { ...keep('CREATE', 'DELETE', 'OVERFLOW'), transparent: true }),
          operator('filterGlob', {
            ...keep('CREATE', 'DELETE'),
            options: { exclude: ['node_modules'], lookup: undefined },
            prune: pruneA,
          }),
        ],
        sinks: [new FakeSink()],
        drainTimeout: 500,
        queueSize: 10,
      }),
    )
    expect(describePlan(described, ['watches /srv'])).toBe(
      [
        'pipeline demo',
        'source fake',
        '  watches /srv',
        'pushed down into the source',
        '  directories left unwatched: those that 2 filterGlob excludes',
        '  event types asked for: CREATE, DELETE',
        'operators',
        '  1 filterKinds',
        '  2 filterGlob: exclude ["node_modules"]',
        'sinks',
        '  memory: keeps events in memory',
        '    up to 10 events wait, then the oldest are lost and counted; not tried again when it fails',
        '  all have 500 ms to finish after a stop',
        'notes',
        '  events have no path: resolvePath() is not among the operators',
      ].join('\n'),
    )
  })

  it('says so when nothing was pushed down', () => {
    const text = describePlan(plan())
    expect(text).toContain('no directory is left out')
    expect(text).toContain('event types asked for: all')
    expect(text).toContain('operators\n  none')
  })
})
