import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from '@jest/globals'
import { onTerminal, screen, scriptProgram, type TerminalRun } from '../helpers/onTerminal.js'
import { itWith } from '../helpers/requires.js'
import { until } from '../helpers/until.js'
import { main, temporaryFolder } from './fsflow.js'

let place: ReturnType<typeof temporaryFolder>
let running: TerminalRun | undefined
beforeEach(() => {
  place = temporaryFolder()
})
afterEach(async () => {
  running?.kill()
  await running?.ended
  place.remove()
})

const at = (...names: readonly string[]): string => join(place.path, ...names)

/** Starts fsflow on a terminal. The result is its number. */
async function start(args: string): Promise<number> {
  // The shell waits for it instead of becoming it: script itself halts when its child is halted.
  const command = `'${process.execPath}' '${main}' ${args} & echo $! > pid; wait $!; exit $?`
  running = onTerminal(command, place.path)
  const pid = (): number => Number(readFileSync(at('pid'), 'utf8'))
  await until(
    () => readdirSync(place.path).includes('pid') && pid() > 0,
    () => 'the number of the process',
  )
  return pid()
}

async function shows(text: string): Promise<void> {
  await until(
    () => running!.written().includes(text),
    () => `${text} in ${JSON.stringify(running!.written())}`,
  )
}

/** Directories that the process watches by inotify. */
function watches(pid: number): number {
  let found = 0
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:inotify') continue
      found += readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').split('inotify wd:').length - 1
    } catch {
      // Closed meanwhile.
    }
  }
  return found
}

const progress = /fsflow: watching [\d,]+ directories \.\.\./
const summary = /^fsflow: [\d,]+ events?, \d+ filtered, 0 dropped, [\d,]+ watches, \d+\.\d s$/

// A source that is never ready, and says what a test has it say.
const slow = `
import { definePipeline, FileEvent } from 'fsflow'
import { text } from 'fsflow/sinks'
import { Observable } from 'rxjs'
let seq = 0
const event = (eventType) => new FileEvent({ timestampMicros: 1, seq: ++seq, eventType, filePath: '', source: 'slow' })
export default definePipeline({
  source: {
    name: 'slow',
    providesPaths: true,
    check: async () => ({ lines: [], problems: [] }),
    stats: () => ({ watches: 1234, ready: false }),
    open: ({ signal }) =>
      new Observable((out) => {
        signal.addEventListener('abort', () => setTimeout(() => out.complete(), 300))
        process.on('SIGUSR2', () => out.next(event('WARNING')))
      }),
  },
  sinks: [text()],
})
`

describe('on a terminal', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    itWith(
      [scriptProgram],
      `${signal} while it makes its way through the tree clears the progress`,
      async () => {
        writeFileSync(at('slow.mjs'), slow)
        const pid = await start('run slow.mjs')
        await shows('fsflow: watching 1,234 directories ...')
        process.kill(pid, signal)
        const { code, written } = await running!.ended
        const lines = screen(written).filter((line) => line !== '')
        expect(lines).toEqual([
          expect.stringMatching(/^[\d-]+ [\d:.]+ {2}MONITOR_STOP /),
          expect.stringMatching(summary),
        ])
        // Nor is it shown again while the source comes to its end.
        expect(written.slice(written.lastIndexOf('...')).split('\u001b[K')).toHaveLength(3)
        expect(code).toBe(0)
      },
    )
  }

  itWith([scriptProgram], '--status shows the numbers once a second', async () => {
    writeFileSync(at('slow.mjs'), slow)
    const pid = await start('run slow.mjs --status')
    await shows('1,234 watches, 0 events')
    process.kill(pid, 'SIGUSR2')
    await shows('1,234 watches, 1 event (1/s)')
    await shows('sink text: 1 written, 0 queued, 0 lost')
    process.kill(pid, 'SIGTERM')
    const { code, written } = await running!.ended
    expect(screen(written)).toContain('WARNING 1')
    expect(code).toBe(0)
  })

  itWith([scriptProgram], 'the first output clears the progress', async () => {
    writeFileSync(at('slow.mjs'), slow)
    const pid = await start('run slow.mjs')
    await shows('fsflow: watching 1,234 directories ...')
    process.kill(pid, 'SIGUSR2')
    await shows('WARNING')
    process.kill(pid, 'SIGTERM')
    const { written } = await running!.ended
    const lines = screen(written).filter((line) => line !== '')
    expect(lines).toEqual([
      expect.stringMatching(/^[\d-]+ [\d:.]+ {2}WARNING /),
      expect.stringMatching(/^[\d-]+ [\d:.]+ {2}MONITOR_STOP /),
      expect.stringMatching(summary),
    ])
  })

  itWith([scriptProgram], 'shows the progress on a large tree, and a summary at the end', async () => {
    for (let i = 0; i < 100; i++)
      for (let j = 0; j < 100; j++) mkdirSync(at('tree', `${i}`, `${j}`), { recursive: true })
    const started = performance.now()
    const pid = await start('watch tree --source inotify')
    await until(
      () => watches(pid) > 100,
      () => 'the way through the tree',
    )
    // A machine that is too fast for a progress line is halted for a while.
    process.kill(pid, 'SIGSTOP')
    expect(running!.written()).not.toContain('MONITOR_START')
    await until(
      () => performance.now() - started > 1500,
      () => 'the time after which there is a progress line',
    )
    process.kill(pid, 'SIGCONT')
    await shows('MONITOR_START')
    mkdirSync(at('tree', 'new'))
    await shows('tree/new')
    process.kill(pid, 'SIGTERM')
    const { code, written } = await running!.ended
    expect(written.slice(0, written.indexOf('MONITOR_START'))).toMatch(progress)
    const lines = screen(written).filter((line) => line !== '')
    expect(lines).toEqual([
      expect.stringMatching(/MONITOR_START +--- +watching 10101 directories$/),
      expect.stringMatching(/CREATE +d-- +\/.*\/tree\/new$/),
      expect.stringMatching(/MONITOR_STOP/),
      expect.stringMatching(summary),
    ])
    expect(code).toBe(0)
  })
})
