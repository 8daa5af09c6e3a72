// Watches with a short queue, and is stopped from outside: `node overflowed.js BINDING LENGTH TREE`. Prints a line
// `ready`, a line for each OVERFLOW and RECOVERED, and, once a file `end` in the tree was told, in what the stream and the disk differ.
import { join } from 'node:path'
import { eventGroups } from '../../../src/events/index.js'
import type { BindingName } from '../../../src/linux/openInotify.js'
import { SourceProbe } from '../SourceProbe.js'
import { withQueueLength } from '../sysctl.js'
import { listTree, TreeState } from '../TreeState.js'
import { until } from '../until.js'

const [binding, length, tree] = process.argv.slice(2) as [BindingName, string, string]
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const probe = withQueueLength(
  Number(length),
  () =>
    new SourceProbe(
      { paths: tree, binding },
      {
        request: { eventTypes: new Set(eventGroups.changes) },
        onEvent: ({ eventType }) => {
          if (eventType === 'OVERFLOW' || eventType === 'RECOVERED') print(eventType)
        },
      },
    ),
)
await probe.ready()
const state = new TreeState(listTree(tree))
print('ready')
await until(
  () => probe.has('CREATE', join(tree, 'end')),
  () => 'the end',
)
let applied = 0
const differences = (): string[] => {
  for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
  return state.differences(listTree(tree))
}
await until(
  () => differences().length === 0,
  () => 'a stream that equals the disk',
).catch(() => undefined)
await probe.stop()
print(JSON.stringify({ wrong: differences(), controls: probe.controls }))
