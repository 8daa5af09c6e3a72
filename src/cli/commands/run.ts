import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { guardFile, loadGuarded } from '../guardFile.js'
import { replayed, replayFlags } from '../replayFlags.js'
import { supervise } from '../supervise.js'
import { behindDashes, usageError } from '../usageError.js'

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never

function options(parser: Argv<{ verbose: boolean }>) {
  return replayFlags(
    parser
      .positional('file', {
        type: 'string',
        describe: 'A TypeScript or JavaScript file with a default export',
      })
      .option('status', {
        type: 'boolean',
        default: false,
        describe:
          'Show once a second on a terminal what was seen, filtered, written and lost (on standard error)',
      }),
  )
    .example('$0 run pipeline.ts', 'Run it until Ctrl-C')
    .example('$0 run pipeline.ts --replay trail.ndjson', 'Run it on what fsflow record has recorded')
}

export const runCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'run [file]',
  describe: 'Run a pipeline file',
  builder: options,
  handler: async (args: ArgumentsCamelCase<Declared>) => {
    const file = fileOf('run', args)
    const { verbose, status } = args
    const pipeline = await guardFile({ file, verbose }, async () => replayed(await loadGuarded(file), args))
    await supervise(pipeline, { verbose, file, status })
  },
}

/** The one pipeline file of a command line. */
export function fileOf(command: string, args: { readonly file: string | undefined }): string {
  const [file = '', ...others] =
    args.file === undefined ? behindDashes(args) : [args.file, ...behindDashes(args)]
  if (others.length > 0) throw usageError('more than one pipeline file is given', 'Run one command for each.')
  if (file !== '') return file
  throw usageError(
    'a pipeline file is missing',
    `Write fsflow ${command} pipeline.ts. To watch a path: fsflow watch PATH.`,
  )
}
