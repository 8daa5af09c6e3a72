// What the heap holds: `node --expose-gc heapProbe.js DIRECTORY`. Prints bytes before watching, and when it is ready;
// with a third argument, of so many events that wait in a list.
import { setTimeout as sleep } from 'node:timers/promises'
import { watch, type FileEvent } from '../../src/index.js'

const [directory, kept] = process.argv.slice(2) as [string, string?]

async function held(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!()
    await sleep(20)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const waiting: FileEvent[] = []
const before = await held()
const subscription = watch(directory, { raw: true, events: 'all' }).subscribe((event) => {
  if (event.eventType === 'MONITOR_START') void report('ready')
  else if (kept !== undefined) {
    waiting.push(event)
    if (waiting.length === Number(kept)) void report('kept')
  }
})

async function report(what: 'ready' | 'kept'): Promise<void> {
  process.stdout.write(
    `${JSON.stringify({ what, bytes: (await held()) - before, events: waiting.length })}\n`,
  )
  if (what === 'ready' && kept !== undefined) return
  subscription.unsubscribe()
}
