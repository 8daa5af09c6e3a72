import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../measure/runProgram.js'
import { hasProgram } from '../watchers/peers.js'
import { writeFiles } from './generatedTree.js'
import type { Job } from './Job.js'

export const unpack = (files: number): Job => ({
  name: 'tar',
  work: `unpacking an archive of ${files} files`,
  ...(!hasProgram('tar') && { missing: 'tar is not installed' }),
  async prepare(scratch) {
    const from = scratch.directory()
    writeFiles(from, files, 1)
    const archive = join(scratch.path, 'archive.tar')
    await runProgram(['tar', 'cf', archive, '-C', from, '.'])
    rmSync(from, { recursive: true })
    return {
      place: () => Promise.resolve(),
      run: (directory) => runProgram(['tar', 'xf', archive, '-C', directory]),
    }
  },
})
