import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { randomWork } from '../../src/cli/load/randomWork.js'
import { describeBindings } from '../helpers/bindings.js'
import { runChild, type Kill } from '../helpers/runChild.js'
import { queueSysctl } from '../helpers/sysctl.js'
import { withDirectory } from '../helpers/withDirectory.js'

const QUEUE_LENGTH = 64
const OVERFLOWS = 5
const FILES = 100
const STEPS = 300

describeBindings('overflows in a row', ({ binding, testWith }) => {
  testWith([queueSysctl], 'of bursts while the consumer is stopped end in the state of the disk', () =>
    withDirectory(async (scratch) => {
      const tree = join(scratch, 'tree')
      const outside = join(scratch, 'outside')
      for (const path of [join(tree, 'a', 'b', 'c'), outside]) mkdirSync(path, { recursive: true })
      const step = randomWork({ tree, outside, seed: 1, anyBytes: binding === 'koffi' })
      let files = 0
      const burst = (kill: Kill): void => {
        kill('SIGSTOP')
        for (let i = 0; i < FILES; i++) writeFileSync(join(tree, `burst-${++files}`), '')
        for (let i = 0; i < STEPS; i++) step()
        kill('SIGCONT')
      }
      let overflows = 0
      let isOver = false
      const { stdout, stderr } = await runChild('overflowed', [binding, String(QUEUE_LENGTH), tree], {
        onOutput: (text, kill) => {
          overflows += text.split('OVERFLOW\n').length - 1
          // The next burst comes while the last one is being repaired; if nothing was watched then, after that.
          if (overflows < OVERFLOWS) burst(kill)
          else if (!isOver) {
            isOver = true
            writeFileSync(join(tree, 'end'), '')
          }
        },
      })
      expect(stderr).toBe('')
      const { wrong, controls } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as {
        wrong: string[]
        controls: string[]
      }
      expect(wrong).toEqual([])
      expect(controls.filter((type) => type === 'OVERFLOW').length).toBeGreaterThanOrEqual(OVERFLOWS)
      expect(controls.at(-1)).toBe('RECOVERED')
    }),
  )
})
