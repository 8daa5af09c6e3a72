import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { Observable } from 'rxjs'
import type { RunContext } from '../../../src/contracts/index.js'
import type { FileEvent } from '../../../src/events/index.js'
import { toNdjson } from '../../../src/formats/index.js'
import { ReplayRun } from '../../../src/sources/trail/ReplayRun.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { gate } from '../../pipeline/fakes.js'
import { until } from '../../helpers/until.js'
import { withDirectory } from '../../helpers/withDirectory.js'

describe('ReplayRun', () => {
  it('waits while the sinks have no room, and stops waiting when it is to end', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'trail.ndjson')
      await writeFile(path, [1, 2, 3].map((seq) => toNdjson(fileEvent(`CREATE /${seq}`))).join(''))
      const controller = new AbortController()
      const first = gate()
      const rooms = [first.opened, gate().opened]
      const context: RunContext = {
        signal: controller.signal,
        report: () => undefined,
        room: () => rooms.shift(),
      }
      const events: FileEvent[] = []
      let isComplete = false
      new Observable<FileEvent>((subscriber) => {
        const settings = { path, speed: Infinity, brokenLines: 'fail', roots: [] } as const
        void new ReplayRun(subscriber, context, settings).run()
      }).subscribe({ next: (event) => events.push(event), complete: () => (isComplete = true) })
      await until(
        () => rooms.length === 1,
        () => 'the first event',
      )
      expect(events.map(({ filePath }) => filePath)).toEqual(['', '/1'])
      first.open()
      await until(
        () => rooms.length === 0,
        () => 'the second event',
      )
      controller.abort()
      await until(
        () => isComplete,
        () => 'the end',
      )
      expect(events.map(({ filePath }) => filePath)).toEqual(['', '/1', '/2'])
    }))
})
