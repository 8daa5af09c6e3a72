import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A watcher under measurement: a process that watches a directory and ends by itself or by a signal. */
export interface WatcherCase {
  readonly name: string
  /** The command; `output` is where its standard output goes. */
  command(directory: string): readonly string[]
  /** True once the process is ready to see events. */
  isReady(child: ChildProcess, directory: string): Promise<void>
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** inotify watches that a process holds. */
function watchesOf(pid: number): number {
  const result = spawnSync('sh', ['-c', `cat /proc/${pid}/fdinfo/* 2>/dev/null | grep -c '^inotify wd:'`])
  return Number(result.stdout.toString())
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Ready when it holds more watches than these, which fsflow takes for itself. */
const byWatches = (own: number) => async (child: ChildProcess) => {
  await until(() => child.exitCode !== null || watchesOf(child.pid!) > own)
}

export const watchers: readonly WatcherCase[] = [
  {
    name: 'fsflow library',
    command: (directory) => [process.execPath, here('./subscriber.js'), directory],
    isReady: (_child, directory) => until(() => existsSync(join(directory, '.ready'))),
  },
  {
    name: 'fsflow watch --raw --events all -o ndjson',
    command: (directory) => [
      process.execPath,
      here('../src/cli/main.js'),
      ...['watch', directory, '--raw', '--events', 'all', '-o', 'ndjson'],
    ],
    isReady: byWatches(4),
  },
  {
    name: 'fsflow watch -o ndjson',
    command: (directory) => [
      process.execPath,
      here('../src/cli/main.js'),
      'watch',
      directory,
      '-o',
      'ndjson',
    ],
    isReady: byWatches(4),
  },
  {
    name: 'inotifywait -m -r',
    command: (directory) => ['inotifywait', '-q', '-m', '-r', directory],
    isReady: byWatches(0),
  },
]

export interface Measured {
  readonly cpuMs: number
  readonly peakMiB: number
  readonly outputBytes: number
}

/** User and system time of a process so far, in milliseconds: proc_pid_stat(5), fields 14 and 15. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

/** Runs one watcher on one load, with its output to a file, and says what it cost beyond its start. */
export async function measure(watcher: WatcherCase, directory: string, load: () => void): Promise<Measured> {
  const [command, ...args] = watcher.command(directory)
  const output = `${directory}.out`
  const file = openSync(output, 'w')
  const child = spawn(command!, args, { stdio: ['ignore', file, 'inherit'] })
  closeSync(file)
  await watcher.isReady(child, directory)
  load()
  // A last file; once its name is in the output, or the CPU is at rest, all has been handled.
  writeFileSync(join(directory, 'last'), '')
  let before = -1
  await until(() => {
    const now = cpuOf(child.pid!)
    const atRest = now === before
    before = now
    if (!atRest) spawnSync('sleep', ['0.3'])
    return atRest
  })
  const measured = {
    cpuMs: cpuOf(child.pid!),
    peakMiB: peakOf(child.pid!),
    outputBytes: readFileSync(output).length,
  }
  child.kill('SIGTERM')
  await once(child, 'exit')
  return measured
}
