import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { pathKey, watch, type FileEvent } from '../src/index.js'
import { RandomWorkers } from './helpers/RandomWorkers.js'
import { listTree } from './helpers/TreeState.js'
import { until } from './helpers/until.js'

// Compiled tests lie two folders below the root of the repository.
const page = new URL('../../docs/semantics.md', import.meta.url)

type Tree = Map<string, boolean>
type Apply = (tree: Tree, moving: Map<number, unknown>, event: FileEvent) => void

let folder: string
let workers: RandomWorkers
beforeEach(() => {
  workers = new RandomWorkers(2)
  folder = mkdtempSync(join(tmpdir(), 'fsflow-semantics-'))
  mkdirSync(join(folder, 'tree'))
  mkdirSync(join(folder, 'outside'))
})
afterEach(() => {
  workers.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The function of the page, as a reader would copy it. */
async function documented(): Promise<Apply> {
  const [, code] = /```js\n(.*?)```/s.exec(readFileSync(page, 'utf8')) ?? []
  const file = join(folder, 'apply.mjs')
  writeFileSync(file, code!)
  return ((await import(pathToFileURL(file).href)) as { apply: Apply }).apply
}

/** The listing as the page wants it: paths as bytes, one character each, with the root itself. */
function listing(root: string): Tree {
  const tree: Tree = new Map([[root, true]])
  for (const [key, isDirectory] of listTree(root)) {
    tree.set(key.startsWith('\0') ? key.slice(1) : Buffer.from(key).toString('latin1'), isDirectory)
  }
  return tree
}

describe('docs/semantics.md', () => {
  it.each([{ raw: false }, { raw: true }])(
    'shows how to apply events so that the tree is that on the disk (%j)',
    async (options) => {
      const root = join(folder, 'tree')
      const apply = await documented()
      const job = { tree: root, outside: join(folder, 'outside') }
      await workers.work({ ...job, seed: 1, steps: 150 })
      let tree: Tree | undefined
      const moving = new Map<number, unknown>()
      const seen = new Set<string>()
      const failures: unknown[] = []
      const subscription = watch(root, options).subscribe({
        next(event) {
          if (event.eventType === 'MONITOR_START') tree = listing(root)
          else apply(tree!, moving, event)
          seen.add(pathKey(event))
        },
        error: (error: unknown) => failures.push(error),
      })
      try {
        await until(
          () => tree !== undefined || failures.length > 0,
          () => 'MONITOR_START',
        )
        await workers.work({ ...job, seed: 2, steps: 600 })
        const last = join(root, 'quiet')
        writeFileSync(last, '')
        await until(
          () => seen.has(last) || failures.length > 0,
          () => 'an event of the last file',
        )
        // What is in a directory that came before it may be told after it.
        await until(
          () => String([...tree!].sort()) === String([...listing(root)].sort()),
          () => 'quiet',
        ).catch(() => undefined)
        expect(failures).toEqual([])
        expect([...tree!].sort()).toEqual([...listing(root)].sort())
      } finally {
        subscription.unsubscribe()
      }
    },
    60_000,
  )
})
