import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { file } from '../../src/sinks/index.js'
import { asideOf, linesOf } from '../helpers/rotated.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

// FSFLOW_KILLS=100 for the whole of it.
const KILLS = Number(process.env.FSFLOW_KILLS ?? 12)
const script = fileURLToPath(new URL('../helpers/children/fileWriter.js', import.meta.url))

/** Starts a writer and kills it some moment later. Returns how far it said to be. */
async function killedWriter(path: string, first: number): Promise<number> {
  const child = spawn(process.execPath, [script, path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
  const closed = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), closed])
  await sleep(Math.random() * 60)
  child.kill('SIGKILL')
  expect(await closed).toEqual([null, 'SIGKILL'])
  return Number(told.split('\n').at(-2))
}

interface Line {
  readonly seq: number
}

describe('a file that is rotated, whose writer is killed', () => {
  it(
    'has all that was said to be written, once and in order, and in whole lines but for the last of each kill',
    () =>
      withDirectory(async (directory) => {
        const path = join(directory, 'events')
        const told: number[] = []
        for (let round = 0; round < KILLS; round++) {
          // Each writer has numbers of its own, beyond those that the one before may still have written.
          told.push(await killedWriter(path, round * 1_000_000))
        }
        const sink = file({ path, rotate: { size: 20_000, keep: 100_000, compress: true } })
        const writer = await sink.open({ signal: new AbortController().signal, report: () => undefined })
        await until(
          () => asideOf(path).every((name) => name.endsWith('.gz')),
          () => asideOf(path).join(),
        )
        await writer.close()
        const torn: string[] = []
        const seqs: number[] = []
        for (const line of linesOf([...asideOf(path), path])) {
          try {
            seqs.push((JSON.parse(line) as Line).seq)
          } catch {
            torn.push(line)
          }
        }
        expect(torn.length).toBeLessThanOrEqual(KILLS)
        expect(seqs.every((seq, index) => index === 0 || seq > seqs[index - 1]!)).toBe(true)
        for (const [round, end] of told.entries()) {
          const first = round * 1_000_000
          const own = seqs.filter((seq) => seq >= first && seq < first + 1_000_000)
          expect(own).toEqual(own.map((_, index) => first + index))
          expect(own.length).toBeGreaterThanOrEqual(end - first)
        }
        expect(asideOf(path).length).toBeGreaterThan(KILLS)
      }),
    600_000,
  )
})
