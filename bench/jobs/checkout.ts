import { join } from 'node:path'
import { runProgram } from '../measure/runProgram.js'
import { hasProgram } from '../watchers/peers.js'
import { writeFiles } from './generatedTree.js'
import type { Job } from './Job.js'

const git = (directory: string, ...words: string[]) =>
  runProgram([
    ...[
      'git',
      '-C',
      directory,
      '-c',
      'user.name=bench',
      '-c',
      'user.email=bench@localhost',
      '-c',
      'gc.auto=0',
    ],
    ...words,
  ])

export const checkout = (files: number): Job => ({
  name: 'git checkout',
  work: `\`git checkout\` between two commits that differ in ${files} files`,
  ...(!hasProgram('git') && { missing: 'git is not installed' }),
  async prepare(scratch) {
    const repository = join(scratch.path, 'repository')
    await runProgram(['git', 'init', '-q', repository])
    for (const version of [1, 2]) {
      // The second has other contents, and a tenth more files.
      writeFiles(repository, Math.round(files * (0.8 + 0.1 * version)), version)
      await git(repository, 'add', '-A')
      await git(repository, 'commit', '-q', '-m', `version ${version}`)
      await git(repository, 'tag', `v${version}`)
    }
    await git(repository, 'checkout', '-q', 'v1')
    return {
      place: async (directory) => {
        await runProgram(['cp', '-a', `${repository}/.`, directory])
      },
      run: (directory) => git(directory, 'checkout', '-q', 'v2'),
    }
  },
})
