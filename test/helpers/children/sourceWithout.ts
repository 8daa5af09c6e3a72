// Opens a source as if packages were not installed: `node sourceWithout.js PACKAGE,PACKAGE BINDING TREE`. Prints the
// error, or the report of `check` and what was told of a file made in TREE.
import { writeFileSync } from 'node:fs'
import Module from 'node:module'
import { join } from 'node:path'

const [hidden, binding, tree] = process.argv.slice(2) as [string, string, string]
const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown }
const load = loader._load.bind(loader)
loader._load = (request, ...rest) => {
  if (hidden.split(',').includes(request)) throw new Error(`Cannot find module '${request}'`)
  return load(request, ...rest)
}
const { SourceProbe, sourceRequest } = await import('../SourceProbe.js')
const { inotify } = await import('../../../src/sources/inotify.js')
const { FsflowError } = await import('../../../src/errors/index.js')

const options = { paths: tree, binding: binding as 'auto' }
const textOf = (error: unknown) =>
  FsflowError.is(error) ? `${error.code}: ${error.hint ?? ''}` : String(error)
const { lines, problems } = await inotify(options).check(sourceRequest())
const probe = new SourceProbe(options)
try {
  await probe.ready()
  writeFileSync(join(tree, 'f'), '')
  await probe.sees('CREATE', join(tree, 'f'))
  await probe.stop()
} catch (error) {
  if (probe.ended !== 'error') throw error
}
process.stdout.write(
  JSON.stringify({
    error: probe.ended === 'error' ? textOf(probe.error) : '',
    problems: problems.map(textOf),
    lines,
    told: probe.told(tree),
  }),
)
