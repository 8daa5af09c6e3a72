// In a user namespace of its own: `node sourceLimited.js BINDING WATCHES TREE RECURSIVE`. Watches TREE under that limit,
// makes two more chains of directories in it when that works, and prints what was told.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FsflowError } from '../../../src/errors/index.js'
import type { BindingName } from '../../../src/linux/openInotify.js'
import { holdings } from '../procSelf.js'
import { SourceProbe } from '../SourceProbe.js'
import { until } from '../until.js'

const [binding, watches, tree, recursive] = process.argv.slice(2) as [string, string, string, string]
// Node itself keeps a descriptor from its first worker on.
await (await new SourceProbe({ paths: tree, binding: binding as BindingName }).ready()).stop()
writeFileSync('/proc/sys/user/max_inotify_watches', watches)
const before = JSON.stringify(holdings())
const probe = new SourceProbe({
  paths: tree,
  binding: binding as BindingName,
  recursive: recursive === 'true',
})
await until(
  () => probe.ended !== 'no' || probe.has('MONITOR_START'),
  () => 'a start or an error',
)
if (probe.ended === 'no') {
  for (const name of ['x', 'y']) {
    mkdirSync(join(tree, name, 'a', 'b', 'c'), { recursive: true })
    await probe.sees('CREATE', join(tree, name))
  }
  await probe.sees('WARNING')
  writeFileSync(join(tree, 'last'), '')
  await probe.sees('CREATE', join(tree, 'last'))
  await probe.stop()
}
const leftOver = () => (JSON.stringify(holdings()) === before ? '' : JSON.stringify(holdings()))
await until(
  () => leftOver() === '',
  () => `${leftOver()} becomes ${before}`,
)
const { error } = probe
process.stdout.write(
  JSON.stringify({
    pid: process.pid,
    error: FsflowError.is(error)
      ? { code: error.code, message: error.message, path: error.path, hint: error.hint }
      : undefined,
    warnings: probe.events.filter(({ eventType }) => eventType === 'WARNING'),
    issues: probe.issues,
    told: probe.told(tree),
  }),
)
