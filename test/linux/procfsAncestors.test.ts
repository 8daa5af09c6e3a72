import { describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { readAncestors } from '../../src/linux/procfsAncestors.js'
import { readStat } from '../../src/linux/procfs.js'

describe('readAncestors', () => {
  it('tells the parent, its parent, and so on', async () => {
    const child = spawn('/bin/sh', ['-c', '(sleep 60 & echo $!; wait)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const ancestors = readAncestors(Number(line.toString()))!
      const own = ancestors.findIndex(({ pid }) => pid === process.pid)
      expect(own).toBeGreaterThan(0)
      const shell = { name: 'sh', exePath: realpathSync('/bin/sh') }
      expect(ancestors[own - 1]).toEqual({ pid: child.pid, ...shell })
      expect(ancestors[own]).toEqual({
        pid: process.pid,
        name: readStat(process.pid)!.name,
        exePath: realpathSync(process.execPath),
      })
      expect(ancestors[own + 1]!.pid).toBe(process.ppid)
      expect(ancestors.at(-1)!.pid).toBe(1)
    } finally {
      process.kill(-child.pid!, 'SIGKILL')
    }
  })

  it('is empty for init, and null for who is not there', () => {
    expect(readAncestors(1)).toEqual([])
    expect(readAncestors(2 ** 30)).toBeNull()
  })
})
