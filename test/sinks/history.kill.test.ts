import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { History } from '../../src/linux/store/History.js'
import { withDirectory } from '../helpers/withDirectory.js'

// FSFLOW_KILLS=100 for the whole of it.
const KILLS = Number(process.env.FSFLOW_KILLS ?? 12)
const script = fileURLToPath(new URL('../helpers/children/historyWriter.js', import.meta.url))

/** Starts a writer and kills it some moment later. Returns what it said to be on the disk. */
async function killedWriter(directory: string): Promise<string[]> {
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
  const closed = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), closed])
  await sleep(Math.random() * 60)
  child.kill('SIGKILL')
  expect(await closed).toEqual([null, 'SIGKILL'])
  // The last line may be cut off.
  return told
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => line.split(' '))
}

describe('a history whose writer is killed', () => {
  it(
    'can be read, with each version whole or absent, and all there that were said to be',
    () =>
      withDirectory(async (top) => {
        const directory = join(top, 'store')
        const told: string[] = []
        for (let round = 0; round < KILLS; round++) {
          told.push(...(await killedWriter(directory)))
          const history = new History(directory)
          const there = new Set<string>()
          for (const versions of history.all().values()) {
            for (const [index, version] of versions.entries()) {
              expect(version.number).toBe(index + 1)
              const bytes = history.content(version)
              expect(createHash('sha256').update(bytes).digest('hex')).toBe(version.sha256)
              there.add(`${version.path}=${version.sha256}`)
            }
          }
          history.close()
          expect(told.filter((version) => !there.has(version))).toEqual([])
        }
        expect(told.length).toBeGreaterThan(KILLS)
        expect(fs.readdirSync(join(directory, 'tmp'))).toEqual([])
      }),
    600_000,
  )
})
