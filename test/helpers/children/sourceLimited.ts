// In a user namespace of its own: `node sourceLimited.js WATCHES OPTIONS`, the options as JSON with one path. Watches
// under that limit, makes two more chains of directories there when that works, and prints what was told.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FsflowError } from '../../../src/errors/index.js'
import type { InotifySourceOptions } from '../../../src/sources/inotify.js'
import { holdings } from '../procSelf.js'
import { SourceProbe } from '../SourceProbe.js'
import { listTree, TreeState } from '../TreeState.js'
import { until } from '../until.js'

const [watches, json] = process.argv.slice(2) as [string, string]
const options = JSON.parse(json) as InotifySourceOptions & { paths: string }
const tree = options.paths

// Node itself keeps a descriptor from its first worker on.
await (await new SourceProbe(options).ready()).stop()
writeFileSync('/proc/sys/user/max_inotify_watches', watches)
const before = JSON.stringify(holdings())
const probe = new SourceProbe(options)
await until(
  () => probe.ended !== 'no' || probe.has('MONITOR_START'),
  () => 'a start or an error',
)
const state = new TreeState(listTree(tree))
if (probe.ended === 'no') {
  for (const name of ['x', 'y']) {
    mkdirSync(join(tree, name, 'a', 'b', 'c'), { recursive: true })
    await probe.sees('CREATE', join(tree, name))
  }
  await probe.sees('WARNING')
  writeFileSync(join(tree, 'y', 'a', 'b', 'c', 'f'), '')
  let applied = 0
  const differences = () => {
    for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
    return state.differences(listTree(tree))
  }
  await until(
    () => differences().length === 0,
    () => differences().join(', '),
  )
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
    controls: probe.controls,
    warnings: probe.events.filter(({ eventType }) => eventType === 'WARNING'),
    issues: probe.issues,
    told: probe.told(tree),
  }),
)
