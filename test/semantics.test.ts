import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { pathKey, watch, type FileEvent } from '../src/index.js'
import { listTree } from './helpers/TreeState.js'
import { until } from './helpers/until.js'

// Compiled tests lie two folders below the root of the repository.
const page = new URL('../../docs/semantics.md', import.meta.url)
const worker = fileURLToPath(new URL('./helpers/randomWork.js', import.meta.url))

type Tree = Map<string, boolean>
type Apply = (tree: Tree, moving: Map<number, unknown>, event: FileEvent) => void

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fsflow-semantics-'))
  mkdirSync(join(folder, 'tree'))
  mkdirSync(join(folder, 'outside'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

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

async function work(seed: number, steps: number): Promise<void> {
  const args = [worker, join(folder, 'tree'), join(folder, 'outside'), String(seed), String(steps)]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  expect(await once(child, 'exit')).toEqual([0, null])
}

describe('docs/semantics.md', () => {
  it.each([{ raw: false }, { raw: true }])(
    'shows how to apply events so that the tree is that on the disk (%j)',
    async (options) => {
      const root = join(folder, 'tree')
      const apply = await documented()
      await work(1, 300)
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
        await Promise.all([work(2, 600), work(3, 600)])
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
