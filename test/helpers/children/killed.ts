import { writeSync } from 'node:fs'
import { seededRandom } from '../../../src/cli/load/randomWork.js'
import { definePipeline, deliver, run } from '../../../src/pipeline/index.js'
import { sinkAt } from '../../faults/Destination.js'
import { flaky } from '../../faults/flaky.js'
import { addsUp } from '../../faults/judge.js'
import { spoolIn, type KilledTask } from '../../faults/kill.js'
import { pacedSource } from '../../faults/pacedSource.js'

// Runs a pipeline under load whose sink refuses now and then, and says again and again what it has sent, what is
// written or on disk, what was lost, and whether it adds up; to be killed.
const task = JSON.parse(process.argv[2]!) as KilledTask
const delivered = deliver(flaky(sinkAt(task.destination, task.place), 3, seededRandom(task.run)), {
  spool: { path: spoolIn(task.directory) },
  queue: 20_000,
  retry: { first: 1, longest: 5, openAfter: 1 },
})
const source = pacedSource(task.run, task.events, task.perSecond)
run(definePipeline({ source, sinks: [delivered] }), {
  statsInterval: 2,
  onIssue: () => undefined,
  onStats: (stats) => {
    const { received, queued, dropped } = stats.sinks[0]!
    // MONITOR_START is no change.
    const sent = Math.max(0, received - 1)
    writeSync(1, `${sent} ${Math.max(0, sent - queued - dropped)} ${dropped} ${addsUp(stats) ? 1 : 0}\n`)
  },
}).done.catch((error: unknown) => writeSync(2, String(error)))
