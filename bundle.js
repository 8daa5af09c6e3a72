// Puts what tsc has compiled to dist into few files: Node.js takes longer to find and read 300 modules than to run
// them. It saves half of the CPU until the package is imported. The types stay as they are.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const library = Object.values(exports).flatMap((target) => target.default ?? [])
const main = './dist/cli/main.js'

const entries = [
  ...library,
  main,
  // What runs in a thread or a process of its own.
  './dist/cli/load/loadProcess.js',
  './dist/linux/drainWorker.js',
  './dist/pipeline/delivery/spoolWorker.js',
  './dist/sinks/database/databaseWorker.js',
].map((path) => join(root, path))

/**
 * The code of a module whose functions, or those that are `deferred`, load what they are of at their first call: half
 * of the CPU that is left. `parts` are a name, what it is now, and an expression that gives it.
 */
function loadedLater(parts, deferred = () => true) {
  const exported = parts.map(([name, value, load]) => {
    const how = typeof value === 'function' && deferred(name) ? 'later' : 'now'
    return `export const ${name} = /* @__PURE__ */ ${how}(() => ${load})`
  })
  return [
    "import { createRequire } from 'node:module'",
    'const require = /* @__PURE__ */ createRequire(import.meta.url)',
    'const now = (load) => load()',
    'const later = (load) => {',
    '  let loaded',
    '  return function (...args) {',
    '    loaded ??= load()',
    '    return new.target === undefined ? loaded(...args) : new loaded(...args)',
    '  }',
    '}',
    ...exported,
  ].join('\n')
}

/**
 * The modules of rxjs that are used, and not all of them. They are of the same copy that others import, and its classes
 * are what they are: others extend them, and look whether something is of them.
 */
async function partsOfRxjs() {
  const rxjs = await import('rxjs')
  const index = readFileSync(join(root, 'node_modules/rxjs/dist/esm/index.js'), 'utf8')
  const parts = [...index.matchAll(/^export \{ (.+) \} from '\.\/(.+)';$/gm)].flatMap(([, names, module]) =>
    names.split(', ').map((name) => [name, rxjs[name], `require('rxjs/${module}').${name}`]),
  )
  return loadedLater(parts, (name) => /^[a-z]/.test(name))
}

/** A module of Node.js or of a package that takes long to load, and that most who import fsflow never need. */
async function partsOf(module) {
  const parts = Object.entries(await import(module)).filter(
    ([name]) => /^\w+$/.test(name) && name !== 'default',
  )
  return loadedLater(parts.map(([name, value]) => [name, value, `require('${module}').${name}`]))
}

// What is reached from each of these is in one file that they share: to find a file takes longer than to read it, and 20
// files take 20 ms. What only the tests of users need, and what only the command line needs, is in theirs.
const whole = [...library, main].map((path) => join(root, path))
const shared = library.filter((path) => !path.includes('/testing/')).map((path) => join(root, path))

/** The modules that find something by their own place. */
const placed = new Set()

const plugin = {
  name: 'fsflow',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^shared:/ }, ({ path }) => ({ path: path.slice('shared:'.length) }))
    onResolve({ filter: /^(rxjs|minimatch|node:(crypto|http|zlib))$/ }, ({ path }) => {
      return { path, namespace: 'parts', sideEffects: false }
    })
    onLoad({ filter: /./, namespace: 'parts' }, async ({ path }) => {
      return { contents: await (path === 'rxjs' ? partsOfRxjs() : partsOf(path)) }
    })
    // All shared code lies one folder below dist, wherever it was: what it finds is found from there.
    onLoad({ filter: /\/dist\/.*\.js$/, namespace: 'file' }, ({ path }) => {
      const place = relative(dist, path)
      const imports = whole.includes(path) ? shared.map((other) => `\nimport 'shared:${other}'`) : []
      const code = readFileSync(path, 'utf8') + imports.join('')
      if (!code.includes('import.meta.url')) return { contents: code }
      placed.add(`dist/${place}`)
      return { contents: code.replaceAll('import.meta.url', `new URL('../${place}', import.meta.url).href`) }
    })
  },
}

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: entries,
  outdir: dist,
  outbase: dist,
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  metafile: true,
  allowOverwrite: true,
  // They say only what an entry reaches.
  logOverride: { 'ignored-bare-import': 'silent' },
  plugins: [plugin],
})

for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
  const input = Object.keys(inputs).find((name) => placed.has(name))
  if (input !== undefined && output.split('/').length !== 3)
    throw new Error(`${input} is in ${output}, from where it does not find its place`)
}
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.js') && !(`dist/${name}` in metafile.outputs)) rmSync(join(dist, name))
}
