import { writeSync } from 'node:fs'
import { definePipeline, deliver, run } from '../../../src/pipeline/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { memorySink } from '../../../src/testing/memorySink.js'
import { memorySource } from '../../../src/testing/memorySource.js'

// Runs a pipeline whose sink takes nothing, and says again and again how many events its spool has; to be killed.
const [path] = process.argv.slice(2) as [string]
const events = Array.from({ length: 60_000 }, (_, seq) => fileEvent(`CREATE /dir/${seq}`, { seq }))
const sink = deliver(memorySink({ failAfter: 0 }), {
  spool: { path },
  queue: 100_000,
  retry: { first: 1, longest: 5, openAfter: 1 },
})
const pipeline = definePipeline({ source: memorySource(events), sinks: [sink] })
run(pipeline, {
  statsInterval: 1,
  onIssue: () => undefined,
  onStats: ({ spooled }) => writeSync(1, `${spooled}\n`),
}).done.catch((error: unknown) => writeSync(2, String(error)))
