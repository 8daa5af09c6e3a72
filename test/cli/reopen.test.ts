import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { itWith, program } from '../helpers/requires.js'
import { asideOf, linesOf } from '../helpers/rotated.js'
import { until } from '../helpers/until.js'
import { fsflow, main, start, temporaryFolder, type Running } from './fsflow.js'

const PYTHON = program('python3')

let place: ReturnType<typeof temporaryFolder>
let running: Running | undefined
beforeEach(() => {
  place = temporaryFolder()
  running = undefined
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await running?.ended
  place.remove()
})

const at = (...names: readonly string[]): string => join(place.path, ...names)

function writePipeline(options: string): void {
  fs.mkdirSync(at('tree'))
  fs.writeFileSync(
    at('pipeline.mjs'),
    `import { definePipeline } from 'fsflow'
    import { addWatchOnMkdir, resolvePath } from 'fsflow/operators'
    import { file } from 'fsflow/sinks'
    import { inotify } from 'fsflow/sources'
    export default definePipeline({
      source: inotify({ paths: '.' }),
      operators: [resolvePath(), addWatchOnMkdir()],
      sinks: [file({ path: 'logs/events.ndjson', mkdir: true, ${options} })],
    })`,
  )
}

interface Line {
  readonly seq: number
  readonly event_type: string
  readonly file_path: string
}

const log = (name = 'events.ndjson'): string => at('logs', name)

const textOf = (path: string): string => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '')

const has = (text: string, path = log()): Promise<void> =>
  until(
    () => textOf(path).includes(text),
    () => `${text} in ${textOf(path)}`,
  )

const eventsOf = (paths: readonly string[]): Line[] => linesOf(paths).map((line) => JSON.parse(line) as Line)

describe('fsflow run with the sink file', () => {
  it('goes on in a new file at SIGHUP, with nothing lost, and does not end', async () => {
    writePipeline('')
    running = start(['run', 'pipeline.mjs'], { cwd: place.path })
    await has('MONITOR_START')
    for (let round = 0; round < 3; round++) {
      fs.writeFileSync(at('tree', `before-${round}`), '')
      fs.renameSync(log(), log(`events.${round}`))
      running.kill('SIGHUP')
      await until(
        () => fs.existsSync(log()),
        () => fs.readdirSync(at('logs')).join(),
      )
      fs.writeFileSync(at('tree', `after-${round}`), '')
      await has(`after-${round}`)
    }
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const events = eventsOf([...[0, 1, 2].map((round) => log(`events.${round}`)), log()])
    expect(events.at(-1)?.event_type).toBe('MONITOR_STOP')
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => events[0]!.seq + index))
    const created = events.filter(({ event_type }) => event_type === 'CREATE')
    expect(created.map(({ file_path }) => file_path)).toEqual(
      [0, 1, 2].flatMap((round) => [at('tree', `before-${round}`), at('tree', `after-${round}`)]),
    )
  })

  it('rotates below the directory that it watches without telling of it', async () => {
    writePipeline('rotate: { size: 5000, keep: 1000, compress: true }')
    running = start(['run', 'pipeline.mjs'], { cwd: place.path })
    await has('MONITOR_START')
    for (let i = 0; i < 300; i++) fs.writeFileSync(at('tree', `${i}`), '')
    await until(
      () => asideOf(log()).length > 20 && asideOf(log()).every((name) => name.endsWith('.gz')),
      () => fs.readdirSync(at('logs')).join(),
    )
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const events = eventsOf([...asideOf(log()), log()])
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => events[0]!.seq + index))
    expect(events.filter(({ event_type }) => event_type === 'CREATE')).toHaveLength(300)
    expect(events.filter(({ file_path }) => file_path.startsWith(`${at('logs')}/`))).toEqual([])
  })

  it('fails at the check when an option is wrong, and shows the rotation when it is right', async () => {
    writePipeline("rotate: { interval: 'daily' }")
    const wrong = await fsflow(['check', 'pipeline.mjs'], { cwd: place.path })
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('file: rotate: interval must be a time of one second or more')
    fs.rmdirSync(at('tree'))
    writePipeline("rotate: { interval: '1d' }")
    const right = await fsflow(['check', 'pipeline.mjs'], { cwd: place.path })
    expect(right.code).toBe(0)
    expect(right.stdout).toContain(
      'events.ndjson, its directory created when missing, rotated every 1d, 10 kept',
    )
    expect(fs.existsSync(at('logs'))).toBe(false)
  })

  itWith([PYTHON], 'ends when the terminal goes away that it runs on', async () => {
    writePipeline('')
    // Its end closes the terminal.
    const terminal = spawn(
      'python3',
      [
        '-c',
        'import os, pty, sys\nif pty.fork()[0] == 0: os.execvp(sys.argv[1], sys.argv[1:])\nsys.stdin.read()',
        process.execPath,
        main,
        'run',
        'pipeline.mjs',
      ],
      { cwd: place.path, stdio: ['pipe', 'ignore', 'inherit'] },
    )
    try {
      await has('MONITOR_START')
    } finally {
      terminal.stdin.end()
    }
    await has('MONITOR_STOP')
  })
})
