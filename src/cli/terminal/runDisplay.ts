import type { RunStats } from '../../pipeline/index.js'
import { ProgressLine, type Terminal } from './ProgressLine.js'
import { renderStatus } from './renderStatus.js'
import { count } from './renderSummary.js'
import { StatusBlock } from './StatusBlock.js'

/** What a terminal shows of a run while it lasts. */
export interface RunDisplay {
  /** Milliseconds between two calls of `show`. */
  readonly interval: number
  show(stats: RunStats): void
  /** To be called before anything else is written there. */
  clear(): void
}

const SHOW_AFTER = 500

/** How far the start is, once it takes long. `sharesTerminal`: sinks may write there too. */
export function startDisplay(terminal: Terminal, sharesTerminal: boolean): RunDisplay {
  const line = new ProgressLine(terminal)
  return {
    interval: 200,
    show({ ready, events, watches = 0, durationMs }) {
      // What a sink writes to the terminal must not come behind the line.
      if (ready || (events > 0 && sharesTerminal)) line.clear()
      else if (durationMs > SHOW_AFTER)
        line.show(`fsflow: watching ${count(watches, 'directory', 'directories')} ...`)
    },
    clear: () => line.clear(),
  }
}

/** All the numbers, once a second. Where sinks write to the same terminal, nothing is written over. */
export function statusDisplay(terminal: Terminal, sharesTerminal: boolean): RunDisplay {
  const block = new StatusBlock(terminal)
  let before: RunStats | undefined
  return {
    interval: 1000,
    show(stats) {
      // The run calls at its start too: a rate over no time says nothing.
      if (stats.durationMs - (before?.durationMs ?? 0) < SHOW_AFTER) return
      block.show(renderStatus(stats, before))
      if (sharesTerminal) block.leave()
      before = stats
    },
    clear: () => block.clear(),
  }
}
