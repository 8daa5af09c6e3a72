// A library subscriber that counts all kinds of events: `node subscriber.js DIRECTORY`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { watch } from '../src/index.js'

const directory = process.argv[2]!
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
let count = 0
watch(directory, { raw: true, events: 'all', signal: stop.signal }).subscribe({
  next(event) {
    count++
    if (event.eventType === 'MONITOR_START') writeFileSync(join(directory, '.ready'), '')
  },
  complete: () => process.stdout.write(`${count} events\n`),
})
