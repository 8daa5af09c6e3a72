import { isatty } from 'node:tty'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

// A process manager may pass on a signal that the terminal has sent to the whole group already: two within
// this many milliseconds are one.
const sameSignal = 100

const terminalFds = [0, 1, 2].filter((fd) => isatty(fd))

/** True when SIGHUP means what its name says: the terminal is no longer one. */
function hasLostTerminal(): boolean {
  return terminalFds.length > 0 && !terminalFds.some((fd) => isatty(fd))
}

/**
 * Calls `first` at the first signal that asks the process to end, `again` at each later one. With `reopen`, that is
 * called at SIGHUP, unless the terminal has gone.
 */
export function onStopSignals(first: () => void, again: () => void, reopen?: () => void): void {
  let stoppedAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && reopen !== undefined && !hasLostTerminal()) reopen()
    else if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      first()
    } else if (performance.now() - stoppedAt > sameSignal) again()
    // The terminal has printed ^C, behind a progress line perhaps, which is gone by now.
    if (signal === 'SIGINT' && process.stderr.isTTY) process.stderr.write('\n')
  }
  // Never taken off again: one that comes behind the end must not turn a clean exit into a kill.
  for (const signal of signals) process.on(signal, onSignal)
}
