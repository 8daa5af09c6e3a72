const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

// A process manager may pass on a signal that the terminal has sent to the whole group already: two within
// this many milliseconds are one.
const sameSignal = 100

/** Calls `first` at the first signal that asks the process to end, `again` at each later one. */
export function onStopSignals(first: () => void, again: () => void): void {
  let stoppedAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      first()
    } else if (performance.now() - stoppedAt > sameSignal) again()
    // The terminal has printed ^C, behind a progress line perhaps, which is gone by now.
    if (signal === 'SIGINT' && process.stderr.isTTY) process.stderr.write('\n')
  }
  // Never taken off again: one that comes behind the end must not turn a clean exit into a kill.
  for (const signal of signals) process.on(signal, onSignal)
}
