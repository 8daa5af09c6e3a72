import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { definePipeline, run } from '../../src/pipeline/index.js'
import { History, type Version } from '../../src/linux/store/History.js'
import { restoreFile } from '../../src/linux/store/restoreFile.js'
import { addWatchOnMkdir, captureContent, joinRenames, resolvePath } from '../../src/operators/index.js'
import { history } from '../../src/sinks/index.js'
import { fanotify, inotify } from '../../src/sources/index.js'
import { MemoryWatch, type MemoryUse } from './MemoryWatch.js'

/** One save of a file, as who made it knows it. */
export interface Save {
  readonly path: string
  readonly sha256: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly closed: number
  until: number
}

export interface HistoryLoad {
  readonly source: 'inotify' | 'fanotify'
  readonly saves: number
  readonly files: number
  readonly maxBytes: number
  readonly perSecond: number
  /** How long a save has to stay to be counted as one that could be read. */
  readonly stayMs: number
  readonly maxMemory: number
  /** Milliseconds from one look at the memory after a collection to the next. */
  readonly lookMs: number
}

export interface HistoryReport extends MemoryUse {
  readonly saves: number
  /** Saves that stayed long enough, and how many of them the history does not have. */
  readonly lasting: number
  readonly missing: number
  readonly versions: number
  /** Bytes of the distinct contents of all saves; of the store on the disk; of its objects alone. */
  readonly distinctBytes: number
  readonly storeBytes: number
  /** Versions whose bytes, restored into a file, are not those that were saved. */
  readonly wrongRestores: number
  /** Milliseconds from the last save until the history was complete. */
  readonly lagMs: number
}

/** Watches a directory with a history while another process saves files in it, and compares the two. */
export async function historyLoad(scratch: string, load: HistoryLoad): Promise<HistoryReport> {
  const work = join(scratch, 'work')
  const store = join(scratch, 'store')
  fs.mkdirSync(work)
  const handle = run(
    definePipeline({
      source: (load.source === 'fanotify' ? fanotify : inotify)({ paths: [work] }),
      operators: [
        resolvePath(),
        addWatchOnMkdir(),
        joinRenames(),
        captureContent({ store, maxMemory: load.maxMemory, maxBytes: 1024 }),
      ],
      sinks: [history({ directory: store })],
      drainTimeout: 120_000,
    }),
  )
  await handle.ready
  const memory = new MemoryWatch(load.lookMs)
  const saves = await save(work, load)
  const ended = Date.now()
  await handle.stop()
  const lagMs = Date.now() - ended
  const used = memory.stop()
  return { ...compare(scratch, store, saves, load), ...used, lagMs }
}

async function save(work: string, { saves, files, maxBytes, perSecond }: HistoryLoad): Promise<Save[]> {
  const script = fileURLToPath(new URL('./saver.js', import.meta.url))
  const args = [script, work, String(saves), String(files), String(maxBytes), String(perSecond)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await new Promise((resolve) => child.once('close', resolve))
  const list = JSON.parse(text) as (Omit<Save, 'until'> & { readonly until: number | null })[]
  return list.map((entry) => ({ ...entry, until: entry.until ?? Infinity }))
}

function compare(
  scratch: string,
  directory: string,
  saves: readonly Save[],
  { stayMs }: HistoryLoad,
): Omit<HistoryReport, keyof MemoryUse | 'lagMs'> {
  const store = new History(directory)
  const versions = [...store.all().values()].flat()
  const there = new Map<string, Version>(versions.map((version) => [keyOf(version), version]))
  const lasting = saves.filter(({ closed, until }) => until - closed >= stayMs)
  const distinct = new Map(saves.map(({ sha256, size }) => [sha256, size]))
  let wrongRestores = 0
  // Restoring waits for the disk: not of interest here.
  const target = join(fs.existsSync('/dev/shm') ? '/dev/shm' : scratch, `fsflow-restored-${process.pid}`)
  for (const version of there.values()) {
    restoreFile(target, store.content(version), version.mode)
    const digest = createHash('sha256').update(fs.readFileSync(target)).digest('hex')
    if (digest !== version.sha256) wrongRestores++
  }
  store.close()
  fs.rmSync(target, { force: true })
  return {
    saves: saves.length,
    lasting: lasting.length,
    missing: lasting.filter((entry) => !there.has(keyOf(entry))).length,
    versions: versions.length,
    distinctBytes: [...distinct.values()].reduce((sum, size) => sum + size, 0),
    storeBytes: Number(execFileSync('du', ['-sb', directory], { encoding: 'utf8' }).split('\t')[0]),
    wrongRestores,
  }
}

function keyOf({ path, sha256 }: { readonly path: string; readonly sha256: string }): string {
  return `${path}=${sha256}`
}
