import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { runningPackage } from '../../src/pipeline/index.js'
import { fsflow, fsflowTogether, temporaryFolder, type Told } from './fsflow.js'

const place = temporaryFolder()
afterAll(place.remove)
const here = { cwd: place.path, env: { FSFLOW_PATH: undefined } }

describe('fsflow', () => {
  it('prints its help with every command and examples', async () => {
    const { code, stdout, stderr } = await fsflow(['--help'], here)
    expect(stdout).toMatch(/fsflow watch.*\n[^]*fsflow run[^]*fsflow check[^]*Examples:[^]*fsflow watch src/)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it.each([
    [
      'watch',
      ['--recursive', '--include', '--exclude', '--events', '--raw', '--debounce', '--process', '--metadata'],
    ],
    [
      'watch',
      [
        '-o, --output',
        '-l, --log-file',
        '-f, --path, --file',
        '--source',
        '--binding',
        '--long',
        '--mkdir',
        '--drain-timeout',
        '--wait-for-path',
        '--verbose',
      ],
    ],
    ['run', ['pipeline.ts', 'Examples:']],
    ['check', ['pipeline.ts', 'Examples:']],
  ])('prints the help of %s', async (command, expected) => {
    const { code, stdout } = await fsflow([command, '--help'], here)
    for (const text of expected) expect(stdout).toContain(text)
    expect(code).toBe(0)
  })

  it('prints the version of the package', async () => {
    const { code, stdout } = await fsflow(['--version'], here)
    expect(stdout.trim()).toBe(runningPackage().version)
    expect(code).toBe(0)
  })

  const wrong: readonly (readonly [readonly string[], string, string])[] = [
    [[], 'a command is missing', '--help'],
    [['wach', '.'], 'there is no command "wach"', 'watch, run, check'],
    [['watch'], 'a path to watch is missing', 'FSFLOW_PATH'],
    [['watch', ''], 'a path to watch is empty', 'dot'],
    [['watch', '.', '--colour'], 'Unknown argument: colour', '--help'],
    [['watch', '.', '--include'], 'Not enough arguments following: include', '--help'],
    [['watch', '.', '-o', 'xml'], '--output: there is no "xml"', 'text, json, ndjson, csv'],
    [['watch', '.', '-o', 'csv', '-o', 'json'], '--output is given more than once', '--help'],
    [['watch', '.', '--long', '-o', 'csv'], '--long does not go with --output csv', 'leave out'],
    [['watch', '.', '-l', ''], '--log-file is empty', 'stdout'],
    [['watch', '.', '--debounce', 'soon'], '--debounce: "soon" is not a number of milliseconds', '--help'],
    [['watch', '.', '--debounce=-5'], '--debounce: "-5" is not a number of milliseconds', '--help'],
    [['watch', '.', '--events', 'CREATE,MOVED'], '--events: there is no "MOVED"', 'MOVED_FROM'],
    [
      ['watch', '.', '--events', 'RENAME', '--raw'],
      'watch: events cannot have RENAME together with raw',
      'joined',
    ],
    [['watch', '.', '--source', 'ebpf'], '--source: there is no "ebpf"', 'auto, inotify'],
    [['watch', '.', '--binding', 'ffi'], '--binding: there is no "ffi"', 'auto, koffi, node-inotify'],
    [['watch', '.', '--include', ''], 'filterGlob: include', ''],
    [['watch', '.', '--no-events'], '--no-events: --events takes a value', 'Leave --events out'],
    [['watch', '--no-file', '.'], '--no-file: --file takes a value', 'Leave --file out'],
    [['watch', '.', '--no-logFile'], '--no-logFile: --logFile takes a value', ''],
    [['watch', '.', '--no-o'], '--no-o: -o takes a value', 'Leave -o out'],
    [['watch', '--no-paths'], '--no-paths: --paths takes a value', ''],
    [['verify', '.', '--no-seconds'], '--no-seconds: --seconds takes a value', ''],
    [['doctor', '--no-output'], '--no-output: --output takes a value', ''],
    [['run', '--no-file'], '--no-file: --file takes a value', ''],
    [['check', '--no-file', 'x.ts'], '--no-file: --file takes a value', ''],
    [['watch', '.', '--raw=maybe'], '--raw=maybe: "maybe" is neither true nor false', 'alone'],
    [['watch', '.', '--waitForPath='], '--waitForPath=: "" is neither true nor false', 'alone'],
    [['watch', '.', '-r=no'], '-r=no: "no" is neither true nor false', 'alone'],
    [['watch', '.', '-vr0'], '-vr0: "0" is neither true nor false', 'alone'],
    [['run', 'x.ts', '--verbose=1'], '--verbose=1: "1" is neither true nor false', 'alone'],
    [['watch', '--no-raw', '--raw=true', '-r=false', '--', '--no-events'], 'there is no ', ''],
    [['--binding', 'koffi', 'watch', '.'], '--binding stands before the command', 'fsflow COMMAND --binding'],
    [['--raw', 'watch', '.'], '--raw stands before the command', 'Options stand behind it'],
    [['--no-verbose', 'watch', 'nowhere'], 'there is no ', ''],
    [['--colour'], 'a command is missing', '--help'],
    [
      ['watch', 'nowhere'],
      'there is no ',
      'Check the spelling, or set waitForPath: true, or --wait-for-path,',
    ],
    [['watch', '.', '--on-watch-limit', 'none'], '--on-watch-limit: there is no "none"', 'error, poll'],
    [['watch', '.', '-l', 'no/folder/x'], 'no/folder', 'set mkdir: true, or --mkdir,'],
    [['watch', '.', '--mkdir'], '--mkdir needs --log-file', 'that file'],
    [['watch', '.', '--drain-timeout', '1.5'], '--drain-timeout: "1.5" is not a whole number from 0', ''],
    [['watch', '.', '--drain-timeout', '2147483648'], 'is not a whole number from 0 to 2147483647', ''],
    [['watch', 'a\nb\u001b[2J'], 'a\\nb\\x1B[2J', ''],
    [['run'], 'a pipeline file is missing', 'fsflow run pipeline.ts'],
    [['run', ''], 'a pipeline file is missing', 'fsflow run pipeline.ts'],
    [['run', '--', '-a.ts'], '-a.ts: there is no such file', ''],
    [['run', '--', 'a.ts', 'b.ts'], 'more than one pipeline file', ''],
    [['check'], 'a pipeline file is missing', 'fsflow check pipeline.ts'],
    [['run', 'a.ts', 'b.ts'], 'Unknown argument: b.ts', '--help'],
  ]
  function judge({ code, stdout, stderr }: Told, message: string, hint: string): void {
    const [first, second = '', ...rest] = stderr.trimEnd().split('\n')
    expect(first).toMatch(/^fsflow: error: .* \(FSFLOW_[A-Z_]+\)$/)
    expect(first).toContain(message)
    expect(second).toContain(hint)
    expect({ code, stdout, rest }).toEqual({ code: 2, stdout: '', rest: [] })
  }

  let told: ReadonlyMap<string, Told>
  beforeAll(async () => {
    delete process.env.FSFLOW_PATH
    told = await fsflowTogether(
      wrong.map(([args]) => args),
      place.path,
    )
  })

  it.each(wrong)('%j is wrong usage', (args, message, hint) => {
    judge(told.get(args.join(' '))!, message, hint)
  })

  it.each(wrong.slice(0, 4))('%j is that in a process of its own too', async (args, message, hint) => {
    judge(await fsflow(args, here), message, hint)
  })
})
