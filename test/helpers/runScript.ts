import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import type { Observable } from 'rxjs'
import type { FileEvent } from '../../src/events/index.js'
import { ownWatches } from '../../src/watching/ownWatches.js'
import { kernelWatches } from './procSelf.js'
import { readScript, type ScriptCase } from './scriptCase.js'
import { until } from './until.js'

const folder = join(process.cwd(), 'test/scripts')

export const scripts: ReadonlyMap<string, ScriptCase> = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => [file, readScript(join(folder, file))]),
)

/** Watches what the script says, as it says. */
export type WatchScript = (
  paths: readonly string[],
  script: ScriptCase,
  signal: AbortSignal,
) => Observable<FileEvent>

/**
 * Runs the commands of a script file in a directory of its own, and compares what is told; where each directory takes a
 * watch of inotify, also how many there are.
 */
export async function runScript(
  file: string,
  watch: WatchScript,
  { countWatches }: { readonly countWatches: boolean },
): Promise<void> {
  const top = mkdtempSync(join(tmpdir(), 'fsflow-script-'))
  const directory = join(top, 'watched')
  mkdirSync(directory)
  mkdirSync(join(top, 'outside'))
  try {
    await play(scripts.get(file)!, directory, watch, countWatches)
  } finally {
    // Commands may have taken rights away.
    spawnSync('chmod', ['-R', 'u+rwx', top])
    rmSync(top, { recursive: true, force: true })
  }
}

async function play(
  script: ScriptCase,
  directory: string,
  watch: WatchScript,
  countWatches: boolean,
): Promise<void> {
  sh(script.before, directory)
  const stop = new AbortController()
  const seen: FileEvent[] = []
  const paths = script.roots.map((root) => join(directory, root))
  const watchesBefore = kernelWatches().length
  const watched = () => kernelWatches().length - watchesBefore - ownWatches(paths)
  const ended = new Promise<void>((resolve, reject) => {
    watch(paths, script, stop.signal).subscribe({
      next: (event) => seen.push(event),
      error: reject,
      complete: resolve,
    })
  })
  try {
    await Promise.race([
      until(
        () => seen.length > 0,
        () => 'MONITOR_START',
      ),
      ended,
    ])
    seen.length = 0
    for (const [index, { commands, expected, watches }] of script.steps.entries()) {
      sh(commands, directory)
      // What comes behind the end of the commands comes behind this file. A file as root has no room for it.
      const marker = join(directory, script.roots[0]!, `.marker-${index}`)
      const isMarked = () => seen.some(({ filePath }) => filePath === marker)
      try {
        writeFileSync(marker, '')
        await until(isMarked, () => 'the marker', 3000)
      } catch {
        await until(
          () => seen.length >= expected.length,
          () => expected.join(', '),
          3000,
        )
      }
      const told = () =>
        seen
          .filter(({ filePath, isControl }) => !filePath.includes('/.marker-') && !isControl)
          .filter(({ eventType }) => script.only?.includes(eventType) ?? true)
          .map((event) => describeEvent(event, directory))
      // The content of a new directory is told as soon as it has been listed: that may be behind the marker.
      await until(
        () => told().length >= expected.length,
        () => expected.join(', '),
        3000,
      ).catch(() => undefined)
      expect(told()).toEqual(expected)
      if (countWatches && watches !== undefined) {
        await until(
          () => watched() === watches,
          () => `${watches} watches, not ${watched()}`,
          3000,
        )
      }
      seen.length = 0
    }
  } finally {
    stop.abort()
    await ended
  }
}

function sh(commands: string, directory: string): void {
  const { status, stderr } = spawnSync('sh', ['-e', '-c', commands], { cwd: directory, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${commands} failed: ${stderr}`)
}

/** `RENAME a -> b/`: the path below the directory, with a slash for a directory. */
function describeEvent(event: FileEvent, directory: string): string {
  const name = (path: string) => JSON.stringify(path.slice(directory.length + 1)).slice(1, -1)
  const slash = event.isDirectory ? '/' : ''
  const path = event.filePath === directory ? './' : name(event.filePath) + slash
  if (event.eventType === 'RENAME') return `RENAME ${name(event.oldPath!)}${slash} -> ${path}`
  return `${event.eventType} ${path}`
}
