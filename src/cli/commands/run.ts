import type { Argv, CommandModule } from 'yargs'
import { loadPipeline } from '../../pipeline/index.js'
import { supervise } from '../supervise.js'
import { usageError } from '../usageError.js'

interface Arguments {
  readonly verbose: boolean
  readonly file: string | undefined
}

export const runCommand: CommandModule<{ verbose: boolean }, Arguments> = {
  command: 'run [file]',
  describe: 'Run a pipeline file',
  builder: (parser: Argv<{ verbose: boolean }>) =>
    parser
      .positional('file', {
        type: 'string',
        describe: 'A TypeScript or JavaScript file with a default export',
      })
      .example('$0 run pipeline.ts', 'Run it until Ctrl-C'),
  handler: async ({ file, verbose }) => {
    await supervise(await loadPipeline(requireFile('run', file)), { verbose })
  },
}

/** The pipeline file of a command line. */
export function requireFile(command: string, file: string | undefined): string {
  if (file !== undefined && file !== '') return file
  throw usageError(
    'a pipeline file is missing',
    `Write fsflow ${command} pipeline.ts. To watch a path: fsflow watch PATH.`,
  )
}
