// Blocks its main thread while a command works in a watched tree: `node blocked.js TREE MILLISECONDS COMMAND...`, for so
// long at the least, and until the command has ended. Then prints how many events of each type there were.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SourceProbe } from '../SourceProbe.js'

const [tree, milliseconds, command, ...args] = process.argv.slice(2) as [string, string, string, ...string[]]
// A command that does not end by then is not waited for.
const BOUND_MS = 60_000
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
const blockedAt = performance.now()
const blockedMs = (): number => performance.now() - blockedAt
while (blockedMs() < Number(milliseconds) || (!hasEnded(worker.pid!) && blockedMs() < BOUND_MS)) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
}
const blocked = { milliseconds: blockedMs(), ended: hasEnded(worker.pid!), counts: { ...counts } }
const [code] = (await end) as [number | null]
mkdirSync(join(tree, 'end'))
await probe.stop()
process.stdout.write(JSON.stringify({ blocked, code, counts }))

/** A process that has ended is a zombie until the main thread, which is blocked, is told of it. */
function hasEnded(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}
