import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { watch, type FileEvent } from '../src/index.js'
import { readScript } from './helpers/scriptCase.js'
import { until } from './helpers/until.js'

const folder = join(process.cwd(), 'test/scripts')
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'))

let top: string
let directory: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'fsflow-script-'))
  directory = join(top, 'watched')
  mkdirSync(directory)
  mkdirSync(join(top, 'outside'))
})

afterEach(() => {
  // Commands may have taken rights away.
  spawnSync('chmod', ['-R', 'u+rwx', top])
  rmSync(top, { recursive: true, force: true })
})

function sh(commands: string): void {
  const { status, stderr } = spawnSync('sh', ['-e', '-c', commands], { cwd: directory, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${commands} failed: ${stderr}`)
}

/** `RENAME a -> b/`: the path below the directory, with a slash for a directory. */
function describeEvent(event: FileEvent): string {
  const name = (path: string) => JSON.stringify(path.slice(directory.length + 1)).slice(1, -1)
  const slash = event.isDirectory ? '/' : ''
  const path = event.filePath === directory ? './' : name(event.filePath) + slash
  if (event.eventType === 'RENAME') return `RENAME ${name(event.oldPath!)}${slash} -> ${path}`
  return `${event.eventType} ${path}`
}

describe.each(['koffi', 'node-inotify'] as const)('script cases by %s', (binding) => {
  it.each(files)('%s', async (file) => {
    const script = readScript(join(folder, file))
    sh(script.before)
    const stop = new AbortController()
    const seen: FileEvent[] = []
    const ended = new Promise<void>((resolve, reject) => {
      watch(script.root === undefined ? directory : join(directory, script.root), {
        binding,
        raw: script.raw,
        exclude: script.exclude,
        signal: stop.signal,
      }).subscribe({ next: (event) => seen.push(event), error: reject, complete: resolve })
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
      for (const [index, { commands, expected }] of script.steps.entries()) {
        sh(commands)
        // What comes behind the end of the commands comes behind this file. A file as root has no room for it.
        const marker = join(directory, script.root ?? '.', `.marker-${index}`)
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
            .map(describeEvent)
        // The content of a new directory is told as soon as it has been listed: that may be behind the marker.
        await until(
          () => told().length >= expected.length,
          () => expected.join(', '),
          3000,
        ).catch(() => undefined)
        expect(told()).toEqual(expected)
        seen.length = 0
      }
    } finally {
      stop.abort()
      await ended
    }
  })
})
