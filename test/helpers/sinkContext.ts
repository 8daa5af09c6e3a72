import type { RunContext } from '../../src/contracts/index.js'

/** A context for a sink that is to report nothing. */
export function sinkContext(): RunContext {
  return {
    signal: new AbortController().signal,
    report: (issue) => {
      throw new Error(`reported: ${issue.message}`)
    },
  }
}
