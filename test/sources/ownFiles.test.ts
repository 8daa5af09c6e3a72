import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from '@jest/globals'
import { Subject } from 'rxjs'
import type { OwnAct, OwnFile, RunContext, SinkWriter } from '../../src/contracts/index.js'
import { eventTypes } from '../../src/events/index.js'
import { file } from '../../src/sinks/index.js'
import { fanotify } from '../../src/sources/fanotify.js'
import { inotify } from '../../src/sources/inotify.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { itWith, root, type Requirement } from '../helpers/requires.js'
import { asideOf } from '../helpers/rotated.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { watching, type SourceProbe } from '../helpers/SourceProbe.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

const sources = [
  { name: 'inotify', open: (paths: string) => inotify({ paths }), needs: [] as Requirement[] },
  { name: 'fanotify', open: (paths: string) => fanotify({ paths }), needs: [root] },
]

interface Watched {
  readonly probe: SourceProbe
  readonly writer: SinkWriter
  readonly path: string
  readonly reopen: Subject<void>
}

describe.each(sources)('files of a sink that rotates below what $name watches', ({ open, needs }) => {
  /** What is told of the files in `logs`. */
  async function toldOf(use: (watched: Watched) => Promise<void>): Promise<string[]> {
    return withDirectory(async (top) => {
      const path = join(top, 'logs', 'events')
      const announced = new Subject<OwnFile | OwnAct>()
      const reopen = new Subject<void>()
      const context: RunContext = { ...sinkContext(), announce: (own) => announced.next(own), reopen }
      const rotate = { size: 2000, keep: 3, compress: true }
      const writer = await file({ path, mkdir: true, rotate }).open(context)
      const request = { ownFiles: writer.ownFiles, announced, eventTypes: new Set(eventTypes) }
      const probe = await watching(
        open(top),
        async (running) => {
          await use({ probe: running, writer, path, reopen })
          await writer.close()
          fs.writeFileSync(join(top, 'end'), '')
          await running.sees('CLOSE_WRITE', join(top, 'end'))
        },
        { request },
      )
      return probe.told(top).filter((line) => / logs\//.test(line) && !line.endsWith('-read'))
    })
  }

  async function fill(writer: SinkWriter): Promise<void> {
    for (let seq = 0; seq < 200; seq++) await writer.write([fileEvent('CREATE /a', { seq })])
  }

  itWith(needs, 'tells nothing of a rotation', async () => {
    const told = await toldOf(async ({ writer, path }) => {
      await fill(writer)
      await until(
        () => asideOf(path).length === 3 && asideOf(path).every((name) => name.endsWith('.gz')),
        () => asideOf(path).join(),
      )
    })
    expect(told).toEqual([])
  })

  itWith(needs, 'tells what others do to the files that were put aside', async () => {
    const told = await toldOf(async ({ probe, writer, path }) => {
      await fill(writer)
      await until(
        () => asideOf(path).length === 3 && asideOf(path).every((name) => name.endsWith('.gz')),
        () => asideOf(path).join(),
      )
      const [first, second] = asideOf(path)
      fs.rmSync(first!)
      fs.renameSync(second!, `${path}.stolen`)
      await probe.sees('MOVED_TO', `${path}.stolen`)
    })
    expect(told.map((line) => line.replace(/events\..*Z/, 'events.STAMP'))).toEqual([
      'DELETE logs/events.STAMP.gz',
      'MOVED_FROM logs/events.STAMP.gz',
      'MOVED_TO logs/events.stolen',
    ])
  })

  itWith(needs, 'tells of a file that was moved away only that, and nothing of the next one', async () => {
    const told = await toldOf(async ({ probe, writer, path, reopen }) => {
      await writer.write([fileEvent('CREATE /a')])
      // What is behind in time finds the file under its new name.
      fs.mkdirSync(`${path}-read`)
      await probe.sees('CREATE', `${path}-read`)
      fs.renameSync(path, `${path}.1`)
      await probe.sees('MOVED_TO', `${path}.1`)
      await writer.write([fileEvent('CREATE /b')])
      reopen.next()
      await writer.write([fileEvent('CREATE /c')])
      expect(fs.statSync(path).size).toBeGreaterThan(0)
    })
    expect(told).toEqual(['MOVED_FROM logs/events', 'MOVED_TO logs/events.1'])
  })
})
