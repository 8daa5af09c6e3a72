import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { start, temporaryFolder } from '../fsflow.js'

const place = temporaryFolder()
beforeAll(() => {
  mkdirSync(join(place.path, 'src'))
  writeFileSync(
    join(place.path, 'pipeline.ts'),
    `
import { definePipeline } from 'fsflow'
import { inotify } from 'fsflow/sources'
import { addWatchOnMkdir, debounceByPath, enrichProcess, filterGlob, resolvePath } from 'fsflow/operators'
import { csv, ndjson } from 'fsflow/sinks'
import { filter } from 'rxjs'

export default definePipeline({
  source: inotify({ paths: ['src'] }),
  operators: [
    resolvePath(),
    addWatchOnMkdir(),
    filterGlob({ include: ['**/*.ts'], exclude: ['**/node_modules/**'] }),
    filter((event) => !event.filePath.endsWith('unwanted.ts')),
    debounceByPath(20),
    enrichProcess(),
  ],
  sinks: [ndjson(), csv({ path: 'events.csv' })],
})
`,
  )
})
afterAll(place.remove)

describe('fsflow run', () => {
  it('runs a pipeline file in a folder without node_modules, with every sink', async () => {
    const running = start(['run', 'pipeline.ts', '-v'], { cwd: place.path })
    await running.line(/MONITOR_START/)
    writeFileSync(join(place.path, 'src/unwanted.ts'), '')
    mkdirSync(join(place.path, 'src/deep/er'), { recursive: true })
    writeFileSync(join(place.path, 'src/deep/er/wanted.ts'), 'text')
    await running.line(/wanted\.ts/)
    running.kill('SIGTERM')
    const { code, stdout, stderr } = await running.ended
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[1]).toContain('/src/deep/er/wanted.ts')
    expect(lines[2]).toContain('MONITOR_STOP')
    expect(readFileSync(join(place.path, 'events.csv'), 'utf8').trimEnd().split('\r\n')).toHaveLength(4)
    expect(stderr).toMatch(/^fsflow: \d+ events, \d+ filtered, 0 dropped, 3 watches, \d+\.\d s\n/)
    expect(stderr).toMatch(/filterGlob: \d+ in, \d+ out\n[^]*sink csv: 3 delivered, 0 dropped, closed\n/)
    expect(code).toBe(0)
  })

  it('--status says so when nobody could see it', async () => {
    const running = start(['run', 'pipeline.ts', '--status'], { cwd: place.path })
    await running.line(/MONITOR_START/)
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(stderr).toBe('fsflow: --status shows nothing, for standard error is no terminal\n')
    expect(code).toBe(0)
  })
})
