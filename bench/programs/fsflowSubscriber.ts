// A subscriber of watch(): `fsflowSubscriber DIRECTORY MODE SETTINGS`.
// By its name: what is measured is the package as it is published.
import { watch, type WatchOptions } from 'fsflow'
import { filterGlob } from 'fsflow/operators'
import { Tally } from './Tally.js'

const { options, filter } = JSON.parse(process.argv[4]!) as { options: WatchOptions; filter?: string }
const stop = new AbortController()
let complete: () => void
const ended = new Promise<void>((resolve) => (complete = resolve))
const tally = new Tally(() => {
  stop.abort()
  return ended
})
const events = watch(tally.directory, { ...options, signal: stop.signal })
const chosen = filter === undefined ? events : events.pipe(filterGlob({ exclude: [filter] }))
chosen.subscribe({
  next(event) {
    const type = event.eventType
    if (type === 'MONITOR_START') tally.ready()
    else if (type === 'OVERFLOW') tally.overflows++
    else if (type !== 'MONITOR_STOP') tally.saw(event.filePath)
  },
  complete: () => complete(),
})
