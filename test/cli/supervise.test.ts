import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fsflow, start, temporaryFolder } from './fsflow.js'

const place = temporaryFolder()
const here = { cwd: place.path }
afterAll(place.remove)

// A source and a sink that a test can shape, in plain JavaScript.
const parts = `
import { definePipeline } from 'fsflow'
import { ndjson } from 'fsflow/sinks'
import { fileEvent, memorySource } from 'fsflow/testing'
import { Observable, map } from 'rxjs'
const source = (emit = () => {}) => memorySource(new Observable(emit))
const oneFile = memorySource([fileEvent('CREATE /a')])
const empty = memorySource([], { complete: true })
const sink = (write, more = {}) => ({
  name: 'probe',
  description: 'for a test',
  check: async () => {},
  open: async (context) => ({ ownFiles: [], write: (batch) => write(batch, context), close: async () => {}, ...more }),
})
`
const pipelines: Record<string, string> = {
  plain: 'export default definePipeline({ source: source(), sinks: [ndjson()] })',
  stuck: `export default definePipeline({
    source: oneFile,
    sinks: [sink((batch, { signal }) => {
      signal.addEventListener('abort', () => setTimeout(() => console.error('stopping'), 150))
      console.error('stuck with', batch.length)
      return new Promise(() => {})
    })],
    drainTimeout: Number(process.env.DRAIN ?? 1e9),
  })`,
  leftovers: `setInterval(() => {}, 1000)
    export default definePipeline({ source: empty, sinks: [ndjson()] })`,
  operatorThrows: `export default definePipeline({
    source: oneFile,
    operators: [map((event) => { if (event.filePath === '/a') throw new TypeError('operator\\nboom'); return event })],
    sinks: [ndjson()],
  })`,
  uncaught: `export default definePipeline({
    source: source(() => void setTimeout(() => { throw new Error('nobody caught it') })),
    sinks: [ndjson()],
  })`,
  rejected: `export default definePipeline({
    source: source(() => void Promise.reject(new Error('nobody handled it'))),
    sinks: [ndjson()],
  })`,
  rejectedText: `export default definePipeline({
    source: source(() => void Promise.reject({ status: 503 })),
    sinks: [ndjson()],
  })`,
  uncaughtAndStuck: `export default definePipeline({
    source: source(() => void setTimeout(() => { throw new Error('nobody caught it') })),
    sinks: [sink(() => new Promise(() => {}))],
    drainTimeout: 10,
  })`,
  uncaughtAtTheEnd: `export default definePipeline({
    source: empty,
    sinks: [sink(async () => {}, { close: async () => setTimeout(() => { throw new Error('after all') }, 20) })],
  })`,
  uncaughtWhileChecking: `export default definePipeline({
    source: {
      ...source(),
      check() {
        setTimeout(() => { throw new Error('of the check') })
        return new Promise((resolve) => setTimeout(() => resolve({ lines: [], problems: [] }), 50))
      },
    },
    sinks: [ndjson()],
  })`,
  uncaughtLater: `setTimeout(() => { throw new Error('later') }, Number(process.env.LATER))
    export default definePipeline({ source: source(), sinks: [ndjson()] })`,
  issue: `export default definePipeline({
    source: {
      ...empty,
      open(context, request) {
        context.report({ code: 'FSFLOW_TEST', message: 'two\\nlines', hint: 'Do this.' })
        return empty.open(context, request)
      },
    },
    sinks: [ndjson()],
  })`,
  sinkFails: `export default definePipeline({
    source: oneFile,
    sinks: [sink(async () => { throw new Error('disk on fire') }), ndjson()],
  })`,
  endless: `export default definePipeline({
    source: source((out) => {
      const timer = setInterval(() => { for (let i = 0; i < 100; i++) out.next(fileEvent('MODIFY /a')) })
      return () => clearInterval(timer)
    }),
    sinks: [ndjson()],
  })`,
}

beforeAll(() => {
  for (const [name, text] of Object.entries(pipelines)) {
    writeFileSync(join(place.path, `${name}.mjs`), `${parts}\n${text}\n`)
  }
  mkdirSync(join(place.path, 'root'))
})

const types = (stdout: string): string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event_type: string }).event_type)

describe('a run by the command line', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops it in order', async (signal) => {
    const running = start(['run', 'plain.mjs'], here)
    await running.line(/MONITOR_START/)
    running.kill(signal)
    const { code, stdout, stderr } = await running.ended
    expect(types(stdout)).toEqual(['MONITOR_START', 'MONITOR_STOP'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('two signals at once are one', async () => {
    const running = start(['run', 'plain.mjs'], here)
    await running.line(/MONITOR_START/)
    running.kill('SIGINT')
    running.kill('SIGTERM')
    const { code, stdout } = await running.ended
    expect(types(stdout).at(-1)).toBe('MONITOR_STOP')
    expect(code).toBe(0)
  })

  it('a second signal ends it at once and says what was lost', async () => {
    const running = start(['run', 'stuck.mjs', '-v'], here)
    await running.line(/stuck with 2/, 'stderr')
    running.kill('SIGTERM')
    await running.line(/stopping/, 'stderr')
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(stderr).toContain('3 events were not written (probe: 3) (FSFLOW_DRAIN_TIMEOUT)')
    expect(stderr).toContain('fsflow: 3 events, 0 filtered, 3 dropped')
    expect(code).toBe(1)
  })

  it('the drain timeout ends it with exit code 1', async () => {
    const running = start(['run', 'stuck.mjs'], { ...here, env: { DRAIN: '10' } })
    await running.line(/stuck with 2/, 'stderr')
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(stderr).toContain(
      '(FSFLOW_DRAIN_TIMEOUT)\nfsflow: hint: Raise the drainTimeout of the pipeline, or --drain-timeout,',
    )
    expect(code).toBe(1)
  })

  it('a timer that the pipeline file left does not hold it', async () => {
    const { code, stdout } = await fsflow(['run', 'leftovers.mjs'], here)
    expect(types(stdout)).toEqual(['MONITOR_START', 'MONITOR_STOP'])
    expect(code).toBe(0)
  })

  it('a closed stdout ends it quietly', async () => {
    const running = start(['run', 'endless.mjs'], here)
    await running.line(/MONITOR_START/)
    running.closeStdout()
    const { code, signal, stderr } = await running.ended
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })

  it('an exception of an operator is one line and exit code 1; with --verbose its stack', async () => {
    const { code, stdout, stderr } = await fsflow(['run', 'operatorThrows.mjs'], here)
    expect(stderr).toBe(
      'fsflow: error: operators[0] (operator) failed: TypeError: operator\\nboom (FSFLOW_OPERATOR_FAILED)\n',
    )
    expect(types(stdout)).toEqual(['MONITOR_START'])
    expect(code).toBe(1)
    const verbose = await fsflow(['run', 'operatorThrows.mjs', '--verbose'], here)
    expect(verbose.stderr).toMatch(/caused by TypeError: operator\n[^]*operatorThrows\.mjs:\d+/)
  })

  const callback = 'It was thrown in a callback, as of a timer, where nothing can catch it but try and catch.'
  const notAwaited = 'Put await before the call that gave the Promise, or handle it with catch().'
  it.each([
    ['uncaught', /^uncaught\.mjs:\d+: Error: nobody caught it$/, callback],
    ['rejected', /^rejected\.mjs:\d+: Error: nobody handled it$/, notAwaited],
    ['rejectedText', /^what is not an Error was thrown: { status: 503 }$/, notAwaited],
  ])(
    'an exception that nobody catches (%s) stops it in order, with exit code 1',
    async (name, message, hint) => {
      const { code, stdout, stderr } = await fsflow(['run', `${name}.mjs`], here)
      const [, told, advice] = /^fsflow: error: (.*) \(FSFLOW_UNCAUGHT\)\nfsflow: hint: (.*)\n$/.exec(stderr)!
      expect(told).toMatch(message)
      expect(advice).toBe(hint)
      expect(types(stdout)).toEqual(['MONITOR_START', 'MONITOR_STOP'])
      expect(code).toBe(1)
    },
  )

  it('an exception that nobody catches is what it ends with, whatever fails by it', async () => {
    const { code, stderr } = await fsflow(['run', 'uncaughtAndStuck.mjs'], here)
    expect(stderr).toMatch(/^fsflow: error: .*: Error: nobody caught it \(FSFLOW_UNCAUGHT\)\n.*\n$/)
    expect(code).toBe(1)
  })

  it('one that comes when all is over is told as well', async () => {
    const { code, stderr } = await fsflow(['run', 'uncaughtAtTheEnd.mjs'], here)
    expect(stderr).toMatch(/^fsflow: error: .*: Error: after all \(FSFLOW_UNCAUGHT\)\n.*\n$/)
    expect(code).toBe(1)
  })

  it.each(['check', 'run'])('one during the checks is exit code 2 (%s)', async (command) => {
    const { code, stderr } = await fsflow([command, 'uncaughtWhileChecking.mjs'], here)
    expect(stderr).toMatch(
      /^fsflow: error: uncaughtWhileChecking\.mjs:\d+: Error: of the check \(FSFLOW_LOAD_FAILED\)\n.*\n$/,
    )
    expect(code).toBe(2)
  })

  it.each(['2', '20', '50'])('one %s ms after it was loaded is told by check too', async (LATER) => {
    const { code, stderr } = await fsflow(['check', 'uncaughtLater.mjs'], { ...here, env: { LATER } })
    expect(stderr).toMatch(
      /^fsflow: error: uncaughtLater\.mjs:\d+: Error: later \(FSFLOW_LOAD_FAILED\)\n.*\n$/,
    )
    expect(code).toBe(2)
  })

  it('an issue is one line on stderr', async () => {
    const { code, stderr } = await fsflow(['run', 'issue.mjs'], here)
    expect(stderr).toBe('fsflow: warning: two\\nlines (FSFLOW_TEST) Do this.\n')
    expect(code).toBe(0)
  })

  it('a sink that fails is reported, and the exit code is 1 when the others have ended', async () => {
    const running = start(['run', 'sinkFails.mjs'], here)
    await running.line(/the sink probe failed/, 'stderr')
    running.kill('SIGTERM')
    const { code, stdout, stderr } = await running.ended
    expect(types(stdout)).toEqual(['MONITOR_START', 'CREATE', 'MONITOR_STOP'])
    expect(stderr).toMatch(/fsflow: error: disk on fire; the sink probe lost 3 events in all/)
    expect(code).toBe(1)
  })

  it('check does not run it', async () => {
    const { code, stdout, stderr } = await fsflow(['check', 'endless.mjs'], here)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).not.toContain('MONITOR_START')
  })
})
