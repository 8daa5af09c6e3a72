import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { cpuOf, peakOf, sleep } from './processCosts.js'
import type { Watcher, WatcherReport } from '../watchers/Watcher.js'

/** A watcher that is ready to see events. */
export interface RunningWatcher {
  readonly pid: number
  /** From its start until it was ready, in milliseconds. */
  readonly readyMs: number
  readonly readyCpuMs: number
  cpuMs(): number
  peakMiB(): number
  /** Ends it and takes its output away. Gives what it saw, as far as it can be known. */
  stop(): Promise<WatcherReport>
}

const READY_LIMIT = 120_000

/** Starts a watcher on a directory, and waits until it is ready. Throws when it ends before. */
export async function startWatcher(watcher: Watcher, directory: string): Promise<RunningWatcher> {
  const [program, ...args] = watcher.command(directory)
  const outputPath = watcher.toNothing === true ? undefined : `${directory}.out`
  const output = openSync(outputPath ?? '/dev/null', 'w')
  const began = performance.now()
  // The fourth is how the programs of this folder say that they are ready, and what they saw.
  const child = spawn(program!, args, { cwd: directory, stdio: ['ignore', output, 'pipe', 'pipe'] })
  closeSync(output)
  const errors = gather(child.stderr!)
  const told = gather(child.stdio[3] as Readable)
  const removeOutput = () => {
    if (outputPath !== undefined) rmSync(outputPath, { force: true })
  }
  try {
    const pid = await pidOf(child)
    while (!isReady(watcher, pid, outputPath, told.text, errors.text)) {
      if (child.exitCode !== null) throw new Error(`ended at its start: ${errors.text.trim()}`)
      if (performance.now() - began > READY_LIMIT) {
        throw new Error(`not ready after ${READY_LIMIT / 1000} s`)
      }
      await sleep(2)
    }
    const readyMs = performance.now() - began
    return {
      pid,
      readyMs,
      readyCpuMs: cpuOf(pid),
      cpuMs: () => cpuOf(pid),
      peakMiB: () => peakOf(pid),
      async stop() {
        await end(child)
        const lines = told.text.trim().split('\n')
        const counted =
          watcher.isReady === 'pipe'
            ? (JSON.parse(lines.at(-1)!) as WatcherReport)
            : { events: outputPath === undefined ? NaN : linesOf(outputPath) }
        removeOutput()
        return counted
      },
    }
  } catch (error) {
    await end(child)
    removeOutput()
    throw error
  }
}

function gather(stream: Readable): { readonly text: string } {
  const gathered = { text: '' }
  stream.on('data', (chunk: Buffer) => (gathered.text += chunk.toString()))
  return gathered
}

async function pidOf(child: ChildProcess): Promise<number> {
  if (child.pid === undefined) throw (await once(child, 'error'))[0] as Error
  return child.pid
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await closed
  clearTimeout(timer)
}

function isReady(
  { isReady: how }: Watcher,
  pid: number,
  output: string | undefined,
  told: string,
  errors: string,
): boolean {
  if (how === 'pipe') return told.includes('ready')
  if (how === 'message') return errors.includes('Watches established')
  if (how === 'first line') return statSync(output!).size > 0
  return fanotifyMark.test(descriptorsOf(pid))
}

const fanotifyMark = /^fanotify (mnt_id|sdev):/m

function descriptorsOf(pid: number): string {
  let text = ''
  for (let fd = 3; fd < 10; fd++) {
    try {
      text += readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')
    } catch {
      // It has no such descriptor.
    }
  }
  return text
}

function linesOf(path: string): number {
  let lines = 0
  const bytes = readFileSync(path)
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++
  return lines
}
