import type { RunStats } from '../../src/pipeline/index.js'
import type { Arrived } from './Destination.js'
import type { FaultResult } from './FaultCase.js'
import { pathOf } from './pacedSource.js'

/** What a run has said so far. */
export interface Claim {
  readonly sent: number
  /** Written or on disk. */
  readonly acknowledged: number
  readonly lost: number
}

/** Compares what runs have said with what arrived. */
export function judge(claims: readonly Claim[], { paths, corrupt }: Arrived, addsUp: boolean): FaultResult {
  const runs = claims.map(() => new Map<number, number>())
  const last = claims.map(() => -1)
  let inOrder = true
  for (const path of paths) {
    const [, run, number] = /^\/fault\/(\d+)\/(\d+)$/.exec(path)!.map(Number)
    const times = runs[run!]!.get(number!) ?? 0
    runs[run!]!.set(number!, times + 1)
    if (times > 0) continue
    inOrder &&= number! > last[run!]!
    last[run!] = number!
  }
  const missing = claims.reduce(
    (sum, claim, run) => sum + Math.max(0, claim.acknowledged - runs[run]!.size),
    0,
  )
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const arrived = sum(runs.map((found) => found.size))
  return {
    sent: sum(claims.map(({ sent }) => sent)),
    acknowledged: sum(claims.map(({ acknowledged }) => acknowledged)),
    counted: sum(claims.map(({ lost }) => lost)),
    arrived,
    again: paths.length - arrived,
    missing,
    corrupt,
    inOrder,
    addsUp,
  }
}

/** For each sink, what came is what was written, lost, is on disk, or waits. */
export function addsUp({ sinks }: RunStats): boolean {
  return sinks.every(
    ({ received, resumed, delivered, dropped, spooled, queued }) =>
      received + resumed === delivered + dropped + spooled + queued,
  )
}

/** All paths that a run of so many events sends. */
export const allPaths = (run: number, count: number): string[] =>
  Array.from({ length: count }, (_, number) => pathOf(run, number))
