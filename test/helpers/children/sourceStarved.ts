// Out of descriptors, or of inotify instances: `node sourceStarved.js BINDING TREE LIMIT`. The limit of open files must
// be low; that of instances is lowered here, in a user namespace of its own. Prints how the source fails, or starts.
import { closeSync, mkdirSync, openSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FsflowError } from '../../../src/errors/index.js'
import type { BindingName } from '../../../src/linux/openInotify.js'
import { holdings } from '../procSelf.js'
import { SourceProbe } from '../SourceProbe.js'
import { listTree, TreeState } from '../TreeState.js'
import { until } from '../until.js'

// More than a start needs.
const ENOUGH = 24

const [binding, tree, limit] = process.argv.slice(2) as [BindingName, string, 'descriptors' | 'instances']
const taken: number[] = []

/** Takes all descriptors that there are. */
function exhaust(): void {
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'))
    } catch {
      return
    }
  }
}

function release(count = taken.length): void {
  for (const fd of taken.splice(0, count)) closeSync(fd)
}

/** How a start ends, with so many free descriptors. */
async function attempt(): Promise<string> {
  const probe = new SourceProbe({ paths: tree, binding })
  await until(
    () => probe.ended !== 'no' || probe.has('MONITOR_START'),
    () => 'a start or an error',
  )
  if (probe.ended === 'no') {
    await probe.stop()
    return 'ready'
  }
  const { error } = probe
  return FsflowError.is(error)
    ? `${error.code}: ${error.message} (${error.hint ?? 'no hint'})`
    : String(error)
}

/** What is told when the descriptors are used up later. */
async function later(): Promise<unknown> {
  const probe = await new SourceProbe({ paths: tree, binding, pollInterval: 20 }).ready()
  const state = new TreeState(listTree(tree))
  exhaust()
  mkdirSync(join(tree, 'a', 'b', 'c'), { recursive: true })
  symlinkSync('nowhere', join(tree, 'a', 'b', 'link'))
  await until(
    () => probe.issues.length > 0,
    () => 'a warning',
  )
  renameSync(join(tree, 'a'), join(tree, 'd'))
  mkdirSync(join(tree, 'd', 'e'))
  release()
  writeFileSync(join(tree, 'd', 'e', 'f'), '')
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
  return {
    issues: probe.issues.map(({ code, path, hint }) => ({ code, path, hint })),
    controls: probe.controls,
  }
}

// What Node itself and the libraries keep from their first use on.
await attempt()
// A thread of Node that finds no descriptor for its loop leaves one behind itself.
const held = () => {
  const { descriptors, ...rest } = holdings()
  return JSON.stringify({ ...rest, descriptors: descriptors.filter((line) => !line.includes('eventpoll')) })
}
const before = held()
let result: unknown
if (limit === 'instances') {
  writeFileSync('/proc/sys/user/max_inotify_instances', '0')
  const outcomes = [await attempt()]
  writeFileSync('/proc/sys/user/max_inotify_instances', '10')
  outcomes.push(await attempt())
  result = { outcomes }
} else {
  const outcomes: string[] = []
  for (let free = 0; free <= ENOUGH; free++) {
    exhaust()
    release(free)
    outcomes.push(await attempt())
  }
  release()
  result = { outcomes, later: await later() }
}
await until(
  () => held() === before,
  () => `${held()} becomes ${before}`,
)
process.stdout.write(JSON.stringify(result))
