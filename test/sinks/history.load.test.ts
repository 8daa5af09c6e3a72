import { describe, expect, it } from '@jest/globals'
import type { HistoryLoad, HistoryReport } from '../../bench/history/historyLoad.js'
import { itAsRoot } from '../helpers/requires.js'
import { runForJson } from '../helpers/runChild.js'
import { withDirectory } from '../helpers/withDirectory.js'

// What the process holds beside contents: events in queues, digests and paths that it knows, contents being read.
const MARGIN = 16 * 1024 * 1024

// The load of `npm run bench:history`, smaller.
const load: Omit<HistoryLoad, 'source'> = {
  saves: 400,
  files: 200,
  maxBytes: 30_000,
  perSecond: 100,
  stayMs: 1500,
  maxMemory: 1024 * 1024,
  lookMs: 500,
}

describe('a history under load', () => {
  const keepsAll = (source: HistoryLoad['source']) => () =>
    withDirectory(async (scratch) => {
      const args = [scratch, JSON.stringify({ ...load, source })]
      const report = await runForJson<HistoryReport>('historyLoaded', args)
      expect(report).toMatchObject({ saves: load.saves, missing: 0, wrongRestores: 0 })
      expect(report.lasting).toBeGreaterThan(load.saves / 2)
      expect(report.storeBytes).toBeLessThan(1.2 * report.distinctBytes)
      expect(report.contentBytes).toBeGreaterThan(load.maxMemory / 4)
      expect(report.contentBytes).toBeLessThanOrEqual(load.maxMemory)
      expect(report.heldBytes).toBeLessThan(load.maxMemory + MARGIN)
      expect(report.peakResidentBytes).toBeGreaterThan(report.residentBytes)
    })

  it('has with inotify every version that could be read, and gives each back', keepsAll('inotify'))

  itAsRoot('has with fanotify every version that could be read, and gives each back', keepsAll('fanotify'))
})
