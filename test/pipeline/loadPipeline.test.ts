import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { loadPipeline } from '../../src/pipeline/loadPipeline.js'
import { temporaryFolder } from '../cli/fsflow.js'

const place = temporaryFolder()
afterAll(place.remove)

function write(name: string, text: string): string {
  const path = join(place.path, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const typescript = (name: string): string => `
import type { Pipeline } from 'fsflow'
import { definePipeline } from 'fsflow'
import { inotify } from 'fsflow/sources'
import { resolvePath } from 'fsflow/operators'
import { toNdjson } from 'fsflow/formats'
import { memorySink } from 'fsflow/testing'
import { text } from 'fsflow/sinks'
import { filter } from 'rxjs'
import { map } from 'rxjs/operators'

enum Names { Mine = '${name}' }
const pipeline: Pipeline = definePipeline({
  name: Names.Mine,
  source: inotify({ paths: ['.'] }),
  operators: [resolvePath(), filter((event) => toNdjson(event) !== ''), map((event) => event)],
  sinks: [await Promise.resolve(text()), memorySink()],
})
export default pipeline
`

describe('loadPipeline', () => {
  it('loads TypeScript that imports everything, where no package is installed', async () => {
    const pipeline = await loadPipeline(write('all.ts', typescript('all')))
    expect(pipeline).toMatchObject({ name: 'all', source: { name: 'inotify' } })
    expect(pipeline.operators).toHaveLength(3)
  })

  it('reads the file and what it imports anew each time', async () => {
    const file = write(
      'fresh.ts',
      typescript('fresh')
        .replace('enum Names', "import { more } from './part'\nenum Names")
        .replace('name: Names.Mine', 'name: Names.Mine + more'),
    )
    write('part.ts', "export const more = ' one'")
    expect((await loadPipeline(file)).name).toBe('fresh one')
    write('part.ts', "export const more = ' two'")
    expect((await loadPipeline(file)).name).toBe('fresh two')
  })

  it('loads a module once, however many import it', async () => {
    write('shared.ts', 'export const key = {}')
    write('left.ts', "export { key as left } from './shared'")
    write('right.ts', "export { key as right } from './shared.js'")
    const check =
      "import { left } from './left'\nimport { right } from './right'\nif (left !== right) throw new Error('two')\n"
    expect((await loadPipeline(write('once.ts', check + typescript('once')))).name).toBe('once')
  })

  const plain = "definePipeline({ name: 'plain', source: inotify({ paths: '.' }), sinks: [text()] })"
  const imports =
    "import { definePipeline } from 'fsflow'\nimport { inotify } from 'fsflow/sources'\nimport { text } from 'fsflow/sinks'\n"
  const requires =
    "const { definePipeline } = require('fsflow')\nconst { inotify } = require('fsflow/sources')\nconst { text } = require('fsflow/sinks')\n"
  it.each([
    ['plain.mjs', `${imports}export default ${plain}`],
    ['plain.js', `${imports}export default ${plain}`],
    ['plain.mts', `${imports}export default ${plain}`],
    ['plain.cjs', `${requires}module.exports = ${plain}`],
    ['compiled.cjs', `${requires}exports.__esModule = true\nexports.default = ${plain}`],
    [
      'lazy.mjs',
      `const { definePipeline } = await import('fsflow')\n${imports.slice(imports.indexOf('\n'))}export default ${plain}`,
    ],
    ['with space #1 100%.ts', `${imports}export default ${plain}`],
    ['folder with ü/plain.ts', `${imports}export default ${plain}`],
  ])('loads %s', async (name, text) => {
    expect((await loadPipeline(write(name, text))).name).toBe('plain')
  })

  it('takes another copy of the package when the folder of the file has one', async () => {
    write(
      'own/node_modules/fsflow/package.json',
      '{ "name": "fsflow", "type": "module", "exports": { ".": "./index.js", "./package.json": "./package.json" } }',
    )
    write(
      'own/node_modules/fsflow/index.js',
      "export const definePipeline = () => Object.defineProperty({ name: 'other copy' }, Symbol.for('fsflow.pipeline'), { value: true })",
    )
    const file = write(
      'own/deep/pipeline.ts',
      "import { definePipeline } from 'fsflow'\nexport default definePipeline()",
    )
    expect((await loadPipeline(file)).name).toBe('other copy')
  })

  it('takes the rxjs of the folder of the file when it has one', async () => {
    write('rx/node_modules/rxjs/package.json', '{ "name": "rxjs", "main": "index.js" }')
    write('rx/node_modules/rxjs/index.js', "exports.mark = 'own rxjs'")
    const text = `${imports}import { mark } from 'rxjs'\nexport default ${plain.replace("'plain'", 'mark')}`
    expect((await loadPipeline(write('rx/pipeline.ts', text))).name).toBe('own rxjs')
  })

  it('keeps code and hint of an error of ours, and puts the line in front', async () => {
    const file = write('option.ts', `${imports}\nexport default ${plain.replace("'.'", '7')}`)
    await expect(loadPipeline(file)).rejects.toMatchObject({
      code: 'FSFLOW_INVALID_OPTION',
      message: expect.stringContaining(`${file}:5: inotify: paths`),
      hint: expect.stringContaining('paths:'),
    })
  })

  it('keeps the exception of the user as the cause', async () => {
    const file = write('throws.ts', "\n\nthrow new RangeError('mine')")
    await expect(loadPipeline(file)).rejects.toMatchObject({
      code: 'FSFLOW_LOAD_FAILED',
      message: `${file}:3: RangeError: mine`,
      cause: { name: 'RangeError', message: 'mine', stack: expect.stringContaining(`${file}:3:`) },
    })
  })
})
