import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessDetails } from '../../src/events/index.js'
import { project } from './project.js'
import { WriteWatch } from './WriteWatch.js'

export const attributionKinds = ['sh', 'touch', 'static', 'fork'] as const
export type AttributionKind = (typeof attributionKinds)[number]

/** Programs that start short-lived processes, and that are one. */
export interface AttributionPrograms {
  readonly runner: string
  readonly writer: string
}

/** Compiles them, without shared libraries. */
export function compilePrograms(directory: string): AttributionPrograms {
  const runner = join(directory, 'runner')
  const writer = join(directory, 'writer')
  execFileSync('cc', ['-O2', '-static', '-o', runner, join(project, 'bench/attribution/runner.c')])
  copyFileSync(runner, writer)
  return { runner, writer }
}

/** What is true of one short-lived process, and what was told of it. */
export interface AttributionCase {
  readonly told: ProcessDetails | undefined
  /** The name of the file that it wrote. */
  readonly file: string
  readonly pid: number
  readonly ppid: number
  readonly uid: number
  readonly exePath: string
  readonly name: string
  readonly cmdline: readonly string[]
}

/** Runs so many short-lived processes, one after the other, that each write one file into a new directory. */
export async function runAttribution(
  { runner, writer }: AttributionPrograms,
  directory: string,
  kind: AttributionKind,
  count: number,
): Promise<AttributionCase[]> {
  mkdirSync(directory, { mode: 0o777 })
  execFileSync('chmod', ['0777', directory])
  const told = new Map<string, ProcessDetails | undefined>()
  const problems: string[] = []
  const watch = new WriteWatch(directory, ({ message }) => problems.push(message))
  const args = [directory, kind, String(count), writer]
  let output = ''
  let code: number | null | undefined
  try {
    await watch.ready()
    const child = spawn(runner, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    child.on('close', (status) => (code = status))
    await watch.until(
      () => code !== undefined && (code !== 0 || told.size >= count),
      ({ name, process }) => told.set(name, process?.details),
    )
    if (code !== 0 || problems.length > 0) throw new Error(`runner: ${code}; ${problems.join('; ')}`)
    const truth = truthOf(kind, [runner, ...args], writer)
    return output
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [file, pid, uid] = line.split(' ') as [string, string, string]
        const facts = truth(join(directory, file))
        return { file, told: told.get(file), pid: Number(pid), ppid: child.pid!, uid: Number(uid), ...facts }
      })
  } finally {
    await watch.close()
  }
}

function truthOf(kind: AttributionKind, runner: readonly string[], writer: string) {
  return (file: string): Pick<AttributionCase, 'exePath' | 'name' | 'cmdline'> => {
    switch (kind) {
      case 'sh':
        return { exePath: realpathSync('/bin/sh'), name: 'sh', cmdline: ['sh', '-c', `echo x > ${file}`] }
      case 'touch':
        return { exePath: realpathSync(which('touch')), name: 'touch', cmdline: ['touch', file] }
      case 'static':
        return { exePath: writer, name: 'writer', cmdline: [writer, file] }
      case 'fork':
        return { exePath: runner[0]!, name: 'runner', cmdline: runner }
    }
  }
}

const found = new Map<string, string>()

function which(program: string): string {
  let path = found.get(program)
  path ??= execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim()
  found.set(program, path)
  return path
}

/** Executable, user and parent are those that are true. */
export function isExact({ told, pid, ppid, uid, exePath }: AttributionCase): boolean {
  return told?.pid === pid && told.ppid === ppid && told.uid === uid && told.exePath === exePath
}

/** What was told that is not true: what is `null`, or marked as inferred, is not told. */
export function falsehoods({ told, ...truth }: AttributionCase): string[] {
  if (told === undefined) return []
  const isWrong = (given: unknown, right: unknown): boolean =>
    given !== null && JSON.stringify(given) !== JSON.stringify(right)
  const wrong: string[] = []
  for (const field of ['pid', 'ppid', 'uid', 'exePath', 'cmdline'] as const) {
    if (isWrong(told[field], truth[field])) wrong.push(`${field}: ${JSON.stringify(told[field])}`)
  }
  if (told.inferred?.includes('name') !== true && isWrong(told.name, truth.name)) {
    wrong.push(`name: ${told.name}`)
  }
  return wrong
}
