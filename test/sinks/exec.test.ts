import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import type { Issue, RunContext } from '../../src/contracts/index.js'
import type { FileEvent, WireEvent } from '../../src/events/index.js'
import { exec, type ExecSinkOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { until } from '../helpers/until.js'

// What a command writes is none of the sink's own files, so that it is not where the laws look for those.
const place = mkdtempSync(join(tmpdir(), 'fsflow-exec-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))
let files = 0
const newFile = (): string => join(place, String(files++))

const append = (file: string): string[] => ['/bin/sh', '-c', 'cat >> "$1"', 'sh', file]
const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
const linesOf = (file: string): string[] => textOf(file).split('\n').slice(0, -1)

const batch = (from: number, count: number): FileEvent[] =>
  Array.from({ length: count }, (_, index) => fileEvent(`CREATE /${from + index}`, { seq: from + index }))

interface Tested {
  readonly context: RunContext
  readonly issues: Issue[]
  readonly controller: AbortController
}

function tested(): Tested {
  const issues: Issue[] = []
  const controller = new AbortController()
  return { issues, controller, context: { signal: controller.signal, report: (issue) => issues.push(issue) } }
}

describe('exec', () => {
  const laws = sinkLaws(() => {
    const file = newFile()
    return {
      sink: exec({ command: append(file), events: 'all' }),
      read: () => Promise.resolve(linesOf(file).map((line) => JSON.parse(line) as unknown)),
    }
  })
  it.each(laws)('$name', (law) => law.run())

  it('runs once for each event, with what it is in the environment', async () => {
    const file = newFile()
    const script =
      'echo "$FSFLOW_EVENTS $FSFLOW_EVENT_TYPE $FSFLOW_OLD_PATH $FSFLOW_FILE_PATH $FSFLOW_SEQ" >> "$1"'
    const writer = await exec({ command: ['/bin/sh', '-c', script, 'sh', file], per: 'event' }).open(
      sinkContext(),
    )
    await writer.write([
      fileEvent('CREATE /a b', { seq: 1 }),
      fileEvent('RENAME /a b -> /c;$(x)', { seq: 2 }),
    ])
    await writer.close()
    expect(linesOf(file)).toEqual(['1 CREATE  /a b 1', '1 RENAME /a b /c;$(x) 2'])
  })

  it('leaves out events about the stream, unless it is asked for all', async () => {
    const file = newFile()
    const writer = await exec({ command: append(file) }).open(sinkContext())
    await writer.write([fileEvent('MONITOR_START')])
    expect(existsSync(file)).toBe(false)
    await writer.write([fileEvent('OVERFLOW'), fileEvent('CREATE /a')])
    await writer.close()
    expect(linesOf(file).map((line) => (JSON.parse(line) as WireEvent).event_type)).toEqual(['CREATE'])
  })

  it('runs as many at a time as it may, and no more', async () => {
    const file = newFile()
    const script = 'echo + >> "$1"; while [ ! -e "$1.go" ]; do sleep 0.02; done; echo - >> "$1"'
    const command = ['/bin/sh', '-c', script, 'sh', file]
    const writer = await exec({ command, per: 'event', concurrency: 3 }).open(sinkContext())
    const writing = writer.write(batch(0, 5))
    await until(
      () => linesOf(file).length === 3,
      () => 'three runs',
    )
    writeFileSync(`${file}.go`, '')
    await writing
    await writer.close()
    const marks = linesOf(file)
    expect(marks.slice(0, 3)).toEqual(['+', '+', '+'])
    expect(marks.filter((mark) => mark === '+')).toHaveLength(5)
    expect(marks.filter((mark) => mark === '-')).toHaveLength(5)
  })

  it('tells a run that fails or takes too long, and goes on', async () => {
    const { context, issues } = tested()
    const writer = await exec({ command: ['/bin/sh', '-c', 'exit 7'] }).open(context)
    await writer.write(batch(0, 1))
    await writer.write(batch(1, 1))
    await writer.close()
    expect(issues.map(({ message }) => message)).toEqual(
      Array(2).fill('exec: /bin/sh -c exit 7 ended with code 7'),
    )
    const slow = await exec({ command: ['sleep', '60'], timeout: 20 }).open(context)
    await slow.write(batch(0, 1))
    await slow.close()
    expect(issues[2]!.message).toBe('exec: sleep 60 did not end within 20 ms, and was ended')
  })

  it('onBusy restart: ends the run and starts it anew with what has come', async () => {
    const file = newFile()
    const { context, issues } = tested()
    const command = ['/bin/sh', '-c', 'cat >> "$1"; exec sleep 60', 'sh', file]
    const writer = await exec({ command, onBusy: 'restart' }).open(context)
    for (const round of [0, 1, 2]) {
      await writer.write(batch(round, 1))
      await until(
        () => linesOf(file).length === round + 1,
        () => `run ${round}`,
      )
    }
    await writer.close()
    expect(linesOf(file)).toHaveLength(3)
    expect(issues).toEqual([])
  })

  it('onBusy skip: leaves out what comes during a run, and says how many', async () => {
    const file = newFile()
    const { context, issues } = tested()
    const command = ['/bin/sh', '-c', 'cat >> "$1"; while [ ! -e "$1.go" ]; do sleep 0.02; done', 'sh', file]
    const writer = await exec({ command, onBusy: 'skip' }).open(context)
    await writer.write(batch(0, 2))
    await writer.write(batch(2, 3))
    await until(
      () => linesOf(file).length === 2,
      () => 'the run',
    )
    writeFileSync(`${file}.go`, '')
    await until(
      () => issues.length === 1,
      () => 'the report',
    )
    expect(issues[0]!.message).toMatch(/^exec: 3 events came while it ran, and .* was not run for it$/)
    await writer.write(batch(5, 1))
    await writer.close()
    expect(linesOf(file)).toHaveLength(3)
  })

  it('onStop end: ends the run, and is not run for what still comes', async () => {
    const file = newFile()
    const { context, issues, controller } = tested()
    const command = ['/bin/sh', '-c', 'cat >> "$1"; exec sleep 60', 'sh', file]
    const writer = await exec({ command, onStop: 'end' }).open(context)
    const writing = writer.write(batch(0, 1))
    await until(
      () => linesOf(file).length === 1,
      () => 'the run',
    )
    controller.abort()
    await writing
    await writer.write(batch(1, 1))
    await writer.close()
    expect(linesOf(file)).toHaveLength(1)
    expect(issues.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^exec: 1 event came when it was to stop, /),
    ])
  })

  it.each(['event', 'batch'] as const)(
    'fails with all events when the program has gone, per %s',
    async (per) => {
      const program = newFile()
      writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
      const writer = await exec({ command: [program], per }).open(sinkContext())
      rmSync(program)
      await expect(writer.write(batch(0, 4))).rejects.toMatchObject({ code: 'FSFLOW_SINK_WRITE', lost: 4 })
      await writer.close()
    },
  )

  it('check finds a program that is not there, or may not be run', async () => {
    const file = newFile()
    writeFileSync(file, '')
    for (const program of ['fsflow-no-such-program', file, place]) {
      await expect(exec({ command: [program] }).check()).rejects.toMatchObject({
        code: 'FSFLOW_SINK_OPEN',
        message: `exec: there is no program ${program}`,
      })
    }
    await exec({ command: ['sh'] }).check()
  })

  it.each<[unknown, string]>([
    [undefined, 'options must be an object'],
    [{}, 'command must be a list'],
    [{ command: [] }, 'command must be a list'],
    [{ command: 'npm test' }, 'command is a text'],
    [{ command: ['a', 7] }, 'command[1] must be a text'],
    [{ command: ['a'], per: 'second' }, 'per is not known'],
    [{ command: ['a'], onBusy: 'wait' }, 'onBusy is not known'],
    [{ command: ['a'], onStop: 'kill' }, 'onStop is not known'],
    [{ command: ['a'], events: 'none' }, 'events is not known'],
    [{ command: ['a'], timeout: 0 }, 'timeout must be a whole number'],
    [{ command: ['a'], concurrency: 2 }, "concurrency needs per: 'event'"],
    [{ command: ['a'], per: 'event', onBusy: 'skip' }, "onBusy needs per: 'batch'"],
    [{ command: ['a'], per: 'event', concurrency: 0 }, 'concurrency must be a whole number'],
    [{ command: ['a'], shell: true }, 'shell is not an option'],
  ])('refuses %j', (options, message) => {
    expect(() => exec(options as ExecSinkOptions)).toThrow(`exec: ${message}`)
  })
})
