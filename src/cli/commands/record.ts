import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { definePipeline, makeSource, watchOperators, type Pipeline } from '../../pipeline/index.js'
import { ndjson } from '../../sinks/index.js'
import { sourceFlags, sourceOptions } from '../sourceFlags.js'
import { supervise } from '../supervise.js'
import { single, usageError } from '../usageError.js'
import { eventNames, pathsOf } from './watch.js'

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never
type Parsed = ArgumentsCamelCase<Declared>

function options(parser: Argv<{ verbose: boolean }>) {
  return sourceFlags(ownFlags(parser))
    .example('$0 record src -o trail.ndjson', 'Record what changes below src until Ctrl-C')
    .example('$0 run pipeline.ts --replay trail.ndjson', 'Run a pipeline on what was recorded')
    .epilogue('Renames are recorded as their two halves, so that any pipeline can be run on them.')
}

function ownFlags(parser: Argv<{ verbose: boolean }>) {
  return parser
    .positional('paths', { type: 'string', array: true, describe: 'Directories and files to watch' })
    .option('path', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'A path to watch, as if it stood behind the command; repeatable',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: 'The file to append to, one JSON object a line',
    })
    .option('mkdir', {
      type: 'boolean',
      default: false,
      describe: 'Create the directory of that file when it is missing',
    })
    .option('exclude', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Leave out what matches this glob, and do not watch such directories; repeatable',
    })
    .option('events', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Event types and groups (all, changes, access), separated by commas [default: changes]',
    })
    .option('process', {
      type: 'boolean',
      default: false,
      describe: 'Record which process it was; with inotify inferred from open files',
    })
    .option('metadata', { type: 'boolean', default: false, describe: 'Record owner, mode, size and times' })
}

export const recordCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'record [paths..]',
  describe: 'Record what changes in a file, for fsflow run --replay',
  builder: options,
  handler: (args) => supervise(pipelineOf(args), { verbose: args.verbose }),
}

function pipelineOf(args: Parsed): Pipeline {
  const path = single('output', args.output) ?? ''
  if (path === '') {
    throw usageError('a file to record to is missing', 'Write fsflow record PATH -o trail.ndjson.')
  }
  const { source, options: ofSource } = sourceOptions(args)
  return definePipeline({
    source: makeSource(source, { paths: pathsOf(args), ...ofSource }),
    operators: watchOperators({
      exclude: args.exclude ?? [],
      events: eventNames(args.events),
      raw: true,
      metadata: args.metadata,
      process: args.process,
    }),
    sinks: [ndjson({ path, mkdir: args.mkdir })],
  })
}
