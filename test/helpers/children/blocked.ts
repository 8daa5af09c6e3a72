// Blocks its main thread while a command works in a watched tree: `node blocked.js TREE MILLISECONDS COMMAND...`. Then
// prints how many events of each type there were.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SourceProbe } from '../SourceProbe.js'

const [tree, milliseconds, command, ...args] = process.argv.slice(2) as [string, string, string, ...string[]]
const counts: Record<string, number> = {}
let last = 0
const probe = new SourceProbe(
  { paths: tree, binding: 'koffi' },
  {
    onEvent: ({ eventType, seq }) => {
      counts[eventType] = (counts[eventType] ?? 0) + 1
      if (seq !== last + 1) counts.hole = (counts.hole ?? 0) + 1
      last = seq
      // A million of them are counted, not kept.
      if (probe.events.length > 100) probe.events.length = 0
    },
  },
)
await probe.ready()
const worker = spawn(command, args, { stdio: 'inherit' })
const end = once(worker, 'exit')
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds))
const [code] = (await end) as [number | null]
mkdirSync(join(tree, 'end'))
await probe.stop()
process.stdout.write(JSON.stringify({ code, counts }))
