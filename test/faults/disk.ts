import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mounting } from '../helpers/requirements.js'
import { withDirectory, withSmallDisk } from '../helpers/withDirectory.js'
import { loadLibsql, type Connection } from '../../src/sinks/database/loadLibsql.js'
import { openDestination, sinkAt } from './Destination.js'
import type { FaultCase } from './FaultCase.js'
import { spoolOf, throughOutage } from './outages.js'

/** Kilobytes for each event, as text, with some room. */
const KILOBYTES = 1

export const fullDiskCase: FaultCase = {
  name: 'disk full, ndjson',
  fault: ({ outage }) =>
    `another program fills the disk of the file for ${outage / 1000} s; the spool is elsewhere`,
  requires: [mounting],
  run: ({ events, outage }) =>
    withDirectory((directory) =>
      withSmallDisk(events * KILOBYTES, async (disk) => {
        const { place, arrived } = await openDestination('ndjson', disk)
        const filler = join(disk, 'filler')
        return throughOutage({
          sink: sinkAt('ndjson', place),
          events,
          duration: outage,
          deliver: spoolOf(directory),
          begin: () => writeFile(filler, Buffer.alloc(events * KILOBYTES * 1024)).catch(() => undefined),
          end: () => rm(filler),
          arrived,
        })
      }),
    ),
}

export const lockedCase: FaultCase = {
  name: 'database locked, sqlite',
  fault: ({ outage }) => `another program holds the database locked for ${outage / 1000} s`,
  requires: [],
  run: ({ events, outage }) =>
    withDirectory(async (directory) => {
      const { place, arrived } = await openDestination('sqlite', directory)
      let other: Connection | undefined
      return throughOutage({
        sink: sinkAt('sqlite', place),
        events,
        duration: outage,
        deliver: spoolOf(directory),
        begin() {
          other = new (loadLibsql())(place, { timeout: 5000 })
          other.exec('BEGIN IMMEDIATE')
        },
        end() {
          other!.exec('COMMIT')
          other!.close()
        },
        arrived,
      })
    }),
}
