import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { stat, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { toCsv } from '../../../src/formats/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { itWith, mounting } from '../../helpers/requires.js'
import { withDirectory, withSmallDisk } from '../../helpers/withDirectory.js'
import type { StdoutReport, StdoutTask } from './stdoutChild.js'

const child = fileURLToPath(new URL('./stdoutChild.js', import.meta.url))

// `tail` follows the command in the shell: a pipe or a redirection.
function inShell(
  task: StdoutTask,
  tail: string,
  cwd = '.',
): { output: string; report: StdoutReport; status: number } {
  const command = `'${process.execPath}' '${child}' "$TASK" ${tail}`
  const { stdout, stderr, status } = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, TASK: JSON.stringify(task) },
  })
  return { output: stdout, report: JSON.parse(stderr) as StdoutReport, status: status! }
}

function seqsOf(lines: string): number[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { seq: number }).seq)
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

describe('standard output', () => {
  it('that is a pipe gets everything, however slowly it is read', () => {
    const { output, report, status } = inShell({ sink: 'ndjson', batches: 3, size: 10_000 }, '| cat')
    expect(seqsOf(output)).toEqual(upTo(30_000))
    expect(report).toEqual({ written: 30_000, gone: false, errors: [], ownFiles: [] })
    expect(status).toBe(0)
  })

  it('that is a socket gets everything as well', async () => {
    const task: StdoutTask = { sink: 'ndjson', batches: 2, size: 10_000 }
    const process_ = spawn(process.execPath, [child, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(seqsOf(await readAll(process_.stdout))).toEqual(upTo(20_000))
  })

  it.each(['text', 'ndjson', 'json', 'csv'] as const)('that closes ends %s quietly', (sink) => {
    const { output, report, status } = inShell({ sink, batches: 1000, size: 1000 }, '| head -n 1')
    expect(output.split('\n')).toHaveLength(2)
    expect(report).toMatchObject({ gone: true, errors: [] })
    expect(report.written).toBeLessThan(1_000_000)
    expect(status).toBe(0)
  })

  it('that nobody reads does not keep the process from ending', async () => {
    const task: StdoutTask = { sink: 'ndjson', batches: 1, size: 50_000, exitWhileWriting: 7 }
    const process_ = spawn(process.execPath, [child, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(await once(process_, 'exit')).toEqual([7, null])
    process_.stdout.destroy()
  })

  it.each(['text', 'ndjson', 'json', 'csv'] as const)(
    'on a full device is a clear error of %s with the number of events lost',
    (sink) => {
      const { report } = inShell({ sink, batches: 3, size: 10 }, '> /dev/full')
      const problem = 'cannot write to standard output: no space left on the device'
      expect(report.errors[0]).toEqual({
        code: 'FSFLOW_DISK_FULL',
        lost: 10,
        message: `${sink}: ${problem}; 10 of 10 events not written`,
      })
    },
  )

  it('json holds an array, also without events', () => {
    expect(JSON.parse(inShell({ sink: 'json', batches: 3, size: 2 }, '| cat').output)).toHaveLength(6)
    expect(inShell({ sink: 'json', batches: 0, size: 0 }, '| cat').output).toBe('[\n]\n')
  })

  it('redirected to a file is among ownFiles', () =>
    withDirectory(async (directory) => {
      const { report } = inShell({ sink: 'ndjson', batches: 2, size: 3 }, '> out', directory)
      const out = join(directory, 'out')
      const { dev, ino } = await stat(out, { bigint: true })
      expect(report.ownFiles).toEqual([`${out} ${dev} ${ino}`])
      expect(seqsOf(await readFile(out, 'utf8'))).toEqual(upTo(6))
    }))

  it('redirected to the end of a file goes on there, the columns of csv only in an empty one', () =>
    withDirectory(async (directory) => {
      for (let round = 0; round < 2; round += 1) {
        inShell({ sink: 'csv', batches: 1, size: 1 }, '>> out', directory)
      }
      const event = fileEvent('CREATE /tree/0', { seq: 0 })
      expect(await readFile(join(directory, 'out'), 'utf8')).toBe(toCsv([event, event]))
    }))

  itWith([mounting], 'redirected to a full disk ends at a whole record', () =>
    withSmallDisk(32, async (directory) => {
      const { report } = inShell({ sink: 'ndjson', batches: 100, size: 37 }, '> out', directory)
      const content = await readFile(join(directory, 'out'), 'utf8')
      expect(report.errors).toHaveLength(1)
      expect(report.errors[0]).toMatchObject({ code: 'FSFLOW_DISK_FULL' })
      expect(seqsOf(content)).toEqual(upTo(report.written + 37 - Number(report.errors[0]!.lost)))
      expect(content.endsWith('\n')).toBe(true)
    }),
  )

  itWith([mounting], 'redirected to a disk that has room again keeps the damage within one line', () =>
    withSmallDisk(64, async (directory) => {
      const ballast = join(directory, 'ballast')
      await writeFile(ballast, Buffer.alloc(32 * 1024))
      const { report } = inShell({ sink: 'ndjson', batches: 100, size: 37, ballast }, '> out', directory)
      const lines = (await readFile(join(directory, 'out'), 'utf8')).split('\n')
      expect(lines.pop()).toBe('')
      const whole = lines.filter((line) => line.endsWith('}'))
      expect(lines.length - whole.length).toBeLessThanOrEqual(1)
      const before = report.written - Number(report.errors[0]!.lost)
      expect(report.errors).toHaveLength(1)
      expect(seqsOf(whole.join('\n'))).toEqual([...upTo(before), ...upTo(37).map((seq) => 1_000_000 + seq)])
    }),
  )
})
