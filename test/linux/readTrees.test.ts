import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readTrees, type ReadTreesOptions } from '../../src/linux/readTrees.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const all: ReadTreesOptions = { maxSize: 100, isWanted: () => true, isEntered: () => true }

/** What is read, as `path=content`, and then `|`. */
async function read(paths: readonly string[], options: Partial<ReadTreesOptions> = {}): Promise<string[]> {
  const told: string[] = []
  readTrees(paths, { ...all, ...options }).subscribe({
    next: ({ path, found }) => told.push(`${path}=${Buffer.from(found.bytes).toString()}`),
    complete: () => told.push('|'),
  })
  await until(
    () => told.at(-1) === '|',
    () => told.join(),
  )
  return told.slice(0, -1).sort()
}

describe('readTrees', () => {
  it('reads what is in directories, and files that are named, and nothing else', () =>
    withDirectory(async (top) => {
      const path = (name: string): string => join(top, name)
      fs.mkdirSync(path('tree/deep/er'), { recursive: true })
      for (const name of ['tree/a', 'tree/deep/er/b', 'single']) fs.writeFileSync(path(name), name)
      fs.writeFileSync(path('tree/large'), 'x'.repeat(101))
      fs.writeFileSync(path('elsewhere'), '')
      fs.symlinkSync(path('elsewhere'), path('tree/link'))
      fs.symlinkSync(top, path('tree/loop'))
      const odd = Buffer.concat([Buffer.from(`${path('tree')}/`), Buffer.from([0xff])])
      fs.writeFileSync(odd, 'odd')
      expect(await read([path('tree'), path('single'), path('missing')])).toEqual([
        `${path('single')}=single`,
        `${path('tree')}/a=tree/a`,
        `${path('tree')}/deep/er/b=tree/deep/er/b`,
        `${path('tree')}/ÿ=odd`,
      ])
    }))

  it('asks what to read and where to look, by the root', () =>
    withDirectory(async (top) => {
      for (const name of ['in', 'out']) {
        fs.mkdirSync(join(top, name))
        for (const file of ['a', 'b']) fs.writeFileSync(join(top, name, file), file)
      }
      const asked: string[] = []
      const isEntered = (path: string, root: string): boolean => {
        asked.push(`${path.slice(root.length)} in ${root}`)
        return path.endsWith('/in')
      }
      const isWanted = (path: string): boolean => path.endsWith('a')
      expect(await read([top], { isEntered, isWanted })).toEqual([`${top}/in/a=a`])
      expect(asked.sort()).toEqual([`/in in ${top}`, `/out in ${top}`])
    }))

  it('stops when it is unsubscribed from', () =>
    withDirectory((top) => {
      for (const name of ['a', 'b', 'c']) fs.writeFileSync(join(top, name), '')
      let count = 0
      const files = readTrees([top], all).subscribe({
        next: () => {
          count++
          queueMicrotask(() => files.unsubscribe())
        },
      })
      const limited: string[] = []
      const first = readTrees([top], all)
      const subscription = first.subscribe({ next: ({ path }) => limited.push(path) })
      subscription.unsubscribe()
      expect([count, limited.length]).toEqual([3, 3])
    }))
})
