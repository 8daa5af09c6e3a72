import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChild } from '../helpers/runChild.js'

export const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  /** Resolves when a line of stdout, or of stderr, matches, even if it goes on. Rejects when the process ends before. */
  line(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<string>
  kill(signal: NodeJS.Signals): void
  /** Closes our end of its stdout. */
  closeStdout(): void
  readonly ended: Promise<Outcome>
}

export interface Place {
  /** What stands before the command, such as `unshare -Ur`; it must become it. */
  readonly prefix?: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Starts the real command. */
export function start(args: readonly string[], { prefix = [], cwd, env }: Place = {}): Running {
  const [command, ...rest] = [...prefix, process.execPath, main, ...args] as [string, ...string[]]
  const child = spawn(command, rest, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  let over = false
  const changed = (): void => watchers.forEach((watcher) => watcher())
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part
      changed()
    })
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      over = true
      changed()
      resolve({ code, signal, ...text })
    })
  })
  return {
    pid: child.pid!,
    ended,
    kill: (signal) => child.kill(signal),
    closeStdout: () => child.stdout.destroy(),
    line: (pattern, stream = 'stdout') =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = text[stream].split('\n').find((line) => pattern.test(line))
          if (found !== undefined) resolve(found)
          else if (over) reject(new Error(`no line matches ${String(pattern)}: ${text.stdout}${text.stderr}`))
          else return
          watchers.delete(look)
        }
        watchers.add(look)
        look()
      }),
  }
}

/** Runs the real command to its end. */
export function fsflow(args: readonly string[], place: Place = {}): Promise<Outcome> {
  return start(args, place).ended
}

/** What a command line that shares its process with others prints, and the exit code that it would have. */
export type Told = Pick<Outcome, 'code' | 'stdout' | 'stderr'>

/**
 * Runs command lines one after the other in one process, which saves starting one for each; those that end it, or
 * that go on when they have failed, cannot be among them. The result is by the command line, joined with blanks.
 */
export async function fsflowTogether(
  lines: readonly (readonly string[])[],
  cwd: string,
): Promise<ReadonlyMap<string, Told>> {
  const { stdout, stderr } = await runChild('commandLines', [cwd, JSON.stringify(lines)])
  if (stderr !== '') throw new Error(stderr)
  const told = new Map<string, Told>()
  for (const line of stdout.trimEnd().split('\n')) {
    const { argv, ...outcome } = JSON.parse(line) as Told & { readonly argv: readonly string[] }
    told.set(argv.join(' '), outcome)
  }
  return told
}

/** A new folder outside the project, with no node_modules above it. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'fsflow-cli-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
