import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { watch } from '../../src/index.js'
import { until } from '../helpers/until.js'

const CHAINS = 10_000

// A process of its own makes them as fast as it can, so that the watching code is always late.
const maker = `
  const fs = require('node:fs')
  for (let i = 0; i < ${CHAINS}; i++) {
    fs.mkdirSync('d' + i + '/a/b/c', { recursive: true })
    fs.writeFileSync('d' + i + '/a/b/c/f', 'x')
  }`

describe.each(['koffi', 'node-inotify'] as const)('chains of directories by %s', (binding) => {
  it(`tells each of ${CHAINS} chains with a file at the bottom, nothing missing and nothing twice`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fsflow-chains-'))
    const stop = new AbortController()
    const births = new Map<string, number>()
    let isReady = false
    try {
      const ended = new Promise<void>((resolve, reject) => {
        watch(directory, { binding, signal: stop.signal }).subscribe({
          next({ eventType, filePath }) {
            if (eventType === 'MONITOR_START') isReady = true
            if (eventType === 'CREATE') births.set(filePath, (births.get(filePath) ?? 0) + 1)
          },
          error: reject,
          complete: resolve,
        })
      })
      await until(
        () => isReady,
        () => 'MONITOR_START',
      )
      spawnSync(process.execPath, ['-e', maker], { cwd: directory, stdio: 'inherit' })
      await until(
        () => births.size >= CHAINS * 5,
        () => `${CHAINS * 5 - births.size} births`,
        60_000,
      )
      stop.abort()
      await ended
      expect(births.size).toBe(CHAINS * 5)
      expect([...births].filter(([, count]) => count !== 1)).toEqual([])
    } finally {
      stop.abort()
      rmSync(directory, { recursive: true, force: true })
    }
  }, 120_000)
})
