import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fsflow, main, temporaryFolder } from '../fsflow.js'

const place = temporaryFolder()

function write(name: string, paths: string, sinks: string): void {
  writeFileSync(
    join(place.path, name),
    `
import { definePipeline } from 'fsflow'
import { inotify } from 'fsflow/sources'
import { filterGlob, filterKinds, resolvePath } from 'fsflow/operators'
import { csv, ndjson } from 'fsflow/sinks'
export default definePipeline({
  name: 'demo\\u001b[2J',
  source: inotify({ paths: [${paths}] }),
  operators: [resolvePath(), filterGlob({ exclude: 'node_modules' }), filterKinds('CREATE')],
  sinks: [${sinks}],
})
`,
  )
}

beforeAll(() => {
  mkdirSync(join(place.path, 'src'))
  write('good.ts', "'src'", "ndjson(), csv({ path: 'events.csv' })")
  write('bad.ts', "'nowhere'", "csv({ path: 'no/folder/x.csv' })")
})
afterAll(place.remove)

describe('fsflow check', () => {
  it('prints what is watched, what was pushed down and what each sink will do, and opens nothing', async () => {
    const { code, stdout, stderr } = await fsflow(['check', 'good.ts'], { cwd: place.path })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const part of [
      'pipeline demo\\x1B[2J',
      `watches ${place.path}/src`,
      'directories left unwatched: those that 2 filterGlob excludes',
      'event types asked for: CREATE\n',
      '3 filterKinds',
      'ndjson: ',
      join(place.path, 'events.csv'),
      'addWatchOnMkdir() is not among the operators',
    ]) {
      expect(stdout).toContain(part)
    }
    expect(stdout).toMatch(/^ {2}\/.* \(\w+\): watched/m)
    expect(existsSync(join(place.path, 'events.csv'))).toBe(false)
  })

  it('knows a file again to which standard output is redirected', () => {
    const out = openSync(join(place.path, 'events.csv'), 'w')
    const { status, stderr } = spawnSync(process.execPath, [main, 'check', 'good.ts'], {
      cwd: place.path,
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', out, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(out)
    expect(stderr).toContain('sinks[1] writes to the same place as sinks[0]: CSV, appended to')
    expect(status).toBe(2)
  })

  it('tells every problem that would stop the run', async () => {
    const { code, stdout, stderr } = await fsflow(['check', 'bad.ts'], { cwd: place.path })
    expect(stderr).toMatch(/^fsflow: error: there is no .*nowhere.*\n[^]*fsflow: error: .*no\/folder/)
    expect(stdout).toContain('operators\n')
    expect(code).toBe(2)
  })
})
