import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { identity } from 'rxjs'
import type { FileEvent } from '../../src/events/index.js'
import { describeOperation, enrichMetadata } from '../../src/operators/index.js'
import { watch } from '../../src/pipeline/index.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { closeAll, fileDeeds } from './fileDeeds.js'

function sizeAt(path: string): number | null {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  return stat?.isFile() === true ? stat.size : null
}

/** An event as the table has it; what the source itself does with directories is none. */
function lineOf({ eventType, filePath, operationDetails }: FileEvent, root: string) {
  return [
    eventType,
    filePath.slice(root.length + 1),
    operationDetails!.description,
    operationDetails!.sizeChange,
  ]
}

const readsOnly: ReadonlySet<string> = new Set(['OPEN', 'ACCESS', 'CLOSE_NOWRITE'])

describe('describeOperation, of real files', () => {
  it.each([
    ['with metadata', enrichMetadata(), (type: string) => type],
    ['without', identity, () => 'file'],
  ])('%s, says what was done and by how many bytes, for each deed', async (_, metadata, typed) => {
    await withDirectory(async (root) => {
      const at = (name: string): string => join(root, name)
      for (const name of ['old', 'unseen']) fs.writeFileSync(at(name), 'from before')
      const events: FileEvent[] = []
      let isReady = false
      const subscription = watch(root, { events: 'all' })
        .pipe(metadata, describeOperation())
        .subscribe((event) => {
          isReady ||= event.eventType === 'MONITOR_START'
          const isLooking = event.isDirectory && readsOnly.has(event.eventType)
          if (!event.isControl && !isLooking) events.push(event)
        })
      try {
        await until(
          () => isReady,
          () => 'MONITOR_START',
        )
        for (const [what, { does, to, from = to, tells, isUnknown = false }] of fileDeeds) {
          const before = sizeAt(at(to)) ?? sizeAt(at(from))
          does(at)
          const after = sizeAt(at(to))
          const truth = { before, after, from: at(from), typed }
          const change = (after ?? 0) - (before ?? 0)
          await until(
            () => events.length >= tells.length,
            () =>
              `${what}: ${tells.map(([type]) => type).join(', ')}, after ${events.map(String).join(', ')}`,
          )
          const told = events.splice(0).map((event) => lineOf(event, root))
          const expected = tells.map(([type, sentence]) => {
            const difference = readsOnly.has(type) ? 0 : isUnknown ? null : change
            return [type, to, sentence(truth), difference]
          })
          expect([what, ...told]).toEqual([what, ...expected])
        }
      } finally {
        subscription.unsubscribe()
        closeAll()
      }
    })
  })
})
