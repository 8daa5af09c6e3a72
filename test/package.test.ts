import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { publint } from 'publint'

// Compiled tests lie two folders below the root of the repository.
const project = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
// Registries can be slow.
const MINUTES_5 = 300_000

let scratch: string
/** A copy of the sources, so that no build that is in use is touched. */
let copy: string
/** An empty project of a user, with the tarball installed. */
let app: string
let tarball: string

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}
let packed: Packed

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'fsflow-package-'))
  copy = join(scratch, 'copy')
  app = join(scratch, 'app')
  mkdirSync(copy)
  mkdirSync(app)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const modules = (extension: string, folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => name.slice(0, -extension.length))
    .sort()

describe('npm pack', () => {
  beforeAll(async () => {
    for (const name of readdirSync(project)) {
      if (/^(build.*|dist|node_modules|coverage|\.git)$/.test(name)) continue
      cpSync(join(project, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'))
    // What an earlier build may have left.
    mkdirSync(join(copy, 'dist'))
    for (const name of ['gone.js', 'index.js.map', '.tsbuildinfo'])
      writeFileSync(join(copy, 'dist', name), '')
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', scratch], { cwd: copy })
    packed = (JSON.parse(stdout) as [Packed])[0]
    tarball = join(scratch, packed.filename)
  }, MINUTES_5)

  it('holds what runs and its types, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path)
    const outside = paths.filter((path) => !path.startsWith('dist/'))
    expect(outside.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
    const inside = paths.filter((path) => path.startsWith('dist/'))
    const types = modules('.ts', join(copy, 'src')).map((name) => `dist/${name}.d.ts`)
    expect(inside.filter((path) => path.endsWith('.d.ts')).sort()).toEqual(types.sort())
    const code = inside.filter((path) => !path.endsWith('.d.ts') && !path.startsWith('dist/chunks/'))
    const entries = [
      'index',
      ...['sources', 'operators', 'sinks', 'formats', 'testing'].map((name) => `${name}/index`),
    ]
    const programs = ['cli/main', 'cli/load/loadProcess']
    const threads = ['linux/drainWorker', 'pipeline/delivery/spoolWorker', 'sinks/database/databaseWorker']
    expect(code.sort()).toEqual([...entries, ...programs, ...threads].map((name) => `dist/${name}.js`).sort())
    const chunks = inside.filter((path) => path.startsWith('dist/chunks/'))
    expect(chunks.every((path) => path.endsWith('.js'))).toBe(true)
    expect(chunks.length).toBeLessThan(40)
  })

  it('has a command that can be executed', () => {
    const command = packed.files.find(({ path }) => path === 'dist/cli/main.js')
    expect(command!.mode & 0o111).toBe(0o111)
    expect(readFileSync(join(copy, 'dist/cli/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('satisfies publint', async () => {
    const bytes = readFileSync(tarball)
    const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    const { messages } = await publint({ strict: true, pack: { tarball: content } })
    expect(messages).toEqual([])
  })
})

/** The blocks of TypeScript in a page, in their order. */
function blocks(page: string): string[] {
  return [...readFileSync(join(project, page), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
    (match) => match[1]!,
  )
}

describe('an empty project with the tarball', () => {
  beforeAll(async () => {
    writeFileSync(join(app, 'package.json'), '{"name":"app","private":true,"type":"module"}')
    const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
    await run('npm', ['install', ...flags, tarball, 'rxjs'], { cwd: app })
  }, MINUTES_5)

  it('has the command', async () => {
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string }
    const { stdout } = await run('npx', ['--no-install', 'fsflow', '--version'], { cwd: app })
    expect(stdout.trim()).toBe(version)
  }, 60_000)

  it('watches a directory until SIGTERM', async () => {
    mkdirSync(join(app, 'watched'))
    // Not by npx, which does not pass the signal on.
    const child = spawn('node_modules/.bin/fsflow', ['watch', 'watched', '-o', 'ndjson'], {
      cwd: app,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const types: string[] = []
    createInterface(child.stdout).on('line', (line) => {
      const event = JSON.parse(line) as { event_type: string; file_path: string }
      types.push(event.event_type)
      if (event.event_type === 'MONITOR_START') writeFileSync(join(app, 'watched', 'file'), 'text')
      if (event.event_type === 'CLOSE_WRITE') child.kill('SIGTERM')
    })
    expect(await once(child, 'close')).toEqual([0, null])
    expect(types).toEqual(['MONITOR_START', 'CREATE', 'MODIFY', 'CLOSE_WRITE', 'MONITOR_STOP'])
  }, 60_000)

  it('can be imported, all of it', async () => {
    mkdirSync(join(app, 'imported'))
    writeFileSync(
      join(app, 'main.js'),
      `
        import { writeFileSync } from 'node:fs'
        import { watch } from 'fsflow'
        import { toNdjson } from 'fsflow/formats'
        import { filterKinds } from 'fsflow/operators'
        import { ndjson } from 'fsflow/sinks'
        import { inotify } from 'fsflow/sources'
        import { fileEvent } from 'fsflow/testing'
        import manifest from 'fsflow/package.json' with { type: 'json' }

        const all = [filterKinds('CREATE'), ndjson(), inotify({ paths: '.' }), fileEvent('CREATE /a'), manifest]
        for await (const event of watch('imported')) {
          if (event.eventType === 'MONITOR_START') writeFileSync('imported/file', '')
          else {
            process.stdout.write(toNdjson(event))
            break
          }
        }
        console.log(all.length)
      `,
    )
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', 'main.js'], {
      cwd: app,
    })
    const [event, last] = stdout.trimEnd().split('\n')
    expect(JSON.parse(event!)).toMatchObject({
      event_type: 'CREATE',
      file_path: join(app, 'imported', 'file'),
    })
    expect(last).toBe('5')
  }, 60_000)

  it('has types that pass a strict check, with the code of README.md and docs/testing.md', async () => {
    const folder = join(app, 'typed')
    mkdirSync(folder)
    const readme = blocks('README.md')
    expect(readme.map((block) => /definePipeline|for await|marbles/.exec(block)?.[0])).toEqual([
      'definePipeline',
      'for await',
      'marbles',
    ])
    readme.forEach((block, index) => writeFileSync(join(folder, `readme${index}.ts`), block))
    const named = blocks('docs/testing.md').filter((block) => block.startsWith('// pipeline'))
    expect(named).toHaveLength(2)
    for (const block of named) writeFileSync(join(folder, /^\/\/ (\S+)/.exec(block)![1]!), block)
    writeFileSync(
      join(folder, 'all.ts'),
      ['', '/formats', '/operators', '/sinks', '/sources', '/testing']
        .map((path, index) => `export * as m${index} from 'fsflow${path}'\n`)
        .join(''),
    )
    const compilerOptions = {
      target: 'ES2022',
      lib: ['ES2023'],
      module: 'NodeNext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      outDir: 'out',
      rootDir: '.',
      // Of Node's own types, as every project for Node has them.
      types: ['node'],
      typeRoots: [join(project, 'node_modules/@types')],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const tsc = join(project, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(
      (error: unknown) => error as Failed,
    )
    expect(stdout).toBe('')
  }, 120_000)

  it('runs the pipeline and the test of README.md', async () => {
    const folder = join(app, 'typed')
    mkdirSync(join(folder, 'src'))
    const { stdout } = await run(join(app, 'node_modules/.bin/fsflow'), ['check', 'readme0.ts'], {
      cwd: folder,
    })
    expect(stdout).toContain('filterGlob')
    const tested = await run(process.execPath, ['--test', join(folder, 'out', 'readme2.js')], {
      env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined },
    })
    expect(tested.stdout).toMatch(/pass (1[0-9]|[2-9][0-9])\b/)
    expect(tested.stdout).toMatch(/fail 0\b/)
  }, 60_000)

  it('has nothing in it that belongs to the tests', () => {
    const installed = join(app, 'node_modules/fsflow')
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json'])
    expect(existsSync(join(app, 'node_modules/jest'))).toBe(false)
    expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false)
  })
})

interface Failed {
  readonly stdout: string
}
