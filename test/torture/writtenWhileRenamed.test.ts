import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { describeBindings } from '../helpers/bindings.js'
import { SourceProbe } from '../helpers/SourceProbe.js'
import { withDirectory } from '../helpers/withDirectory.js'

const RENAMES = 3000

// Without a pause: the kernel queues some of the writes on the wrong side of a rename.
const writer = `
  const fs = require('node:fs')
  const fd = fs.openSync('f0', 'r+')
  process.stdout.write('.')
  for (;;) fs.writeSync(fd, 'x', 0)`
const renamer = `
  const fs = require('node:fs')
  for (let i = 0; i < ${RENAMES}; i++) fs.renameSync('f' + i, 'f' + (i + 1))`

describeBindings('a file that is written and renamed at once', ({ binding, test }) => {
  test('is told to be written under the name that it has in the stream', () =>
    withDirectory(async (directory) => {
      writeFileSync(join(directory, 'f0'), '')
      const names = new Set([join(directory, 'f0')])
      const counts = { wrong: 0, written: 0, renames: 0 }
      const probe = new SourceProbe(
        { paths: directory, binding },
        {
          request: { eventTypes: new Set(['MODIFY', 'CREATE', 'MOVED_FROM', 'MOVED_TO']) },
          onEvent({ eventType, filePath }) {
            if (eventType === 'MOVED_FROM') names.delete(filePath)
            if (eventType === 'MOVED_TO') counts.renames++
            if (eventType === 'MOVED_TO' || eventType === 'CREATE') names.add(filePath)
            if (eventType !== 'MODIFY') return
            counts.written++
            if (!names.has(filePath)) counts.wrong++
          },
        },
      )
      try {
        await probe.ready()
        const [writing, renaming] = [writer, renamer].map((code) => ['-e', code])
        const working = spawn(process.execPath, writing!, {
          cwd: directory,
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        try {
          await once(working.stdout, 'data')
          const others = spawn(process.execPath, renaming!, { cwd: directory, stdio: 'inherit' })
          expect(await once(others, 'exit')).toEqual([0, null])
        } finally {
          working.kill()
        }
        await probe.sees('MOVED_TO', join(directory, `f${RENAMES}`))
        await probe.stop()
        expect(counts).toMatchObject({ wrong: 0, renames: RENAMES })
        expect(counts.written).toBeGreaterThan(0)
      } finally {
        probe.unsubscribe()
      }
    }))
})
