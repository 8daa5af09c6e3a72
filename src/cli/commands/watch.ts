import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import type { Sink } from '../../contracts/index.js'
import { eventGroups, eventTypes, type EventGroup, type EventType } from '../../events/index.js'
import { recordFormats } from '../../formats/recordFormat.js'
import { costlyProcessFields, type CostlyProcessField } from '../../linux/procfsDetails.js'
import { settle } from '../../operators/index.js'
import { definePipeline, makeSource, watchOperators, type Pipeline } from '../../pipeline/index.js'
import { csv, exec, history, json, ndjson, text } from '../../sinks/index.js'
import { sourceFlags, sourceOptions } from '../sourceFlags.js'
import { supervise } from '../supervise.js'
import { behindDashes, oneOf, single, usageError, wholeNumber } from '../usageError.js'

const outputs = ['text', 'json', 'ndjson', 'csv'] as const
const answersToBusy = ['queue', 'restart', 'skip'] as const
const repairs = ['full', 'off'] as const
/** Milliseconds of quiet after which a command is run. */
const DEFAULT_QUIET = 100
// What setTimeout takes.
const MAX_TIMEOUT = 2 ** 31 - 1

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never
type Parsed = ArgumentsCamelCase<Declared>

function options(parser: Argv<{ verbose: boolean }>) {
  return sourceFlags(ownFlags(parser))
    .example('$0 watch .', 'Every change below the current directory')
    .example("$0 watch src --include '*.ts' --debounce 100", 'Once for each burst of changes')
    .example('$0 watch /etc -o csv -l etc.csv --metadata', 'Append to a table')
    .example('$0 watch src -- npm test', 'Run a command once changes have settled')
    .example('$0 watch . --events DELETE,RENAME -o ndjson', 'One JSON object a line')
    .example('sudo $0 watch /etc --process', 'And who did it')
    .example('sudo $0 watch /etc --process -o ndjson --format ecs', 'The same for Elastic')
    .example('sudo $0 watch . --by-ancestor npm', 'What npm did, and all that it has started')
    .epilogue('Without a path, the one in the environment variable FSFLOW_PATH is watched.')
}

function ownFlags(parser: Argv<{ verbose: boolean }>) {
  return parser
    .positional('paths', { type: 'string', array: true, describe: 'Directories and files to watch' })
    .option('path', {
      alias: ['f', 'file'],
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'A path to watch, as if it stood behind the command; repeatable',
    })
    .option('recursive', {
      alias: 'r',
      type: 'boolean',
      default: true,
      describe: 'Watch directories to any depth; --no-recursive for the paths alone',
    })
    .option('include', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Tell only what matches this glob; repeatable',
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
    .option('raw', { type: 'boolean', default: false, describe: 'Leave renames as MOVED_FROM and MOVED_TO' })
    .option('debounce', {
      type: 'string',
      requiresArg: true,
      describe: 'Tell a path when it has been quiet for so many milliseconds',
    })
    .option('process', {
      type: 'boolean',
      default: false,
      describe: 'Say which process it was; --process=FIELDS adds costly fields, as --process-fields does',
    })
    .option('process-fields', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: `With --process: ${costlyProcessFields.map(wireName).join(', ')}; separated by commas`,
    })
    .option('by', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Tell only what processes of this name did; repeatable',
    })
    .option('by-ancestor', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Tell only what processes of this name did, or what these have started; repeatable',
    })
    .option('metadata', {
      type: 'boolean',
      default: false,
      describe: 'Add owner, mode, size and times, and what was done',
    })
    .option('preview', {
      alias: 'p',
      type: 'boolean',
      default: false,
      describe: 'Add what files held before and hold now, and what was done; not of secrets',
    })
    .option('diff', { type: 'boolean', default: false, describe: 'The same, with a unified diff' })
    .option('history', {
      type: 'string',
      requiresArg: true,
      describe: 'Keep every version of what changes in this directory, for fsflow history; implies --preview',
    })
    .option('baseline', {
      type: 'boolean',
      default: false,
      describe:
        'Read what files hold at the start too, so that it is known at their first change; implies --preview',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: `How to print: ${outputs.join(', ')} [default: text]`,
    })
    .option('format', {
      type: 'string',
      requiresArg: true,
      describe: `With -o ndjson or json, the fields: ${recordFormats.join(', ')} [default: json]`,
    })
    .option('long', {
      type: 'boolean',
      default: false,
      describe: 'Print a card for each event; with -o text',
    })
    .option('log-file', {
      alias: 'l',
      type: 'string',
      requiresArg: true,
      describe: 'Append the output to this file instead of printing it',
    })
    .option('mkdir', {
      type: 'boolean',
      default: false,
      describe: 'Create the directory of the log file when it is missing',
    })
    .option('drain-timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'Milliseconds to write what is left when it is stopped [default: 2000]',
    })
    .option('repair', {
      type: 'string',
      requiresArg: true,
      describe: `After an overflow: ${repairs.join(', ')} (do not compare with the disk; saves memory) [default: full]`,
    })
    .option('on-busy', {
      type: 'string',
      requiresArg: true,
      describe: `With a command, for changes while it runs: ${answersToBusy.join(', ')} [default: queue]`,
    })
}

export const watchCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'watch [paths..]',
  describe: 'Print what changes in directories and files, or run a command when something has',
  builder: options,
  handler: (args) => supervise(pipelineOf(args), { verbose: args.verbose }),
}

function pipelineOf(args: Parsed): Pipeline {
  const givenRepair = single('repair', args.repair)
  const repair = givenRepair === undefined ? undefined : oneOf('repair', givenRepair, repairs)
  const { source, options: ofSource } = sourceOptions(args, repair)
  const drainTimeout = wholeNumber('drain-timeout', args.drainTimeout, 0, MAX_TIMEOUT)
  const debounce = milliseconds(single('debounce', args.debounce))
  const command = commandOf(args)
  const store = single('history', args.history)
  if (store === '') throw usageError('--history is empty', 'Give a directory, such as ~/.fsflow.')
  const paths = pathsOf(args, command === undefined ? behindDashes(args) : [])
  return definePipeline({
    source: makeSource(source, { paths, recursive: args.recursive, ...ofSource }),
    operators: [
      ...watchOperators({
        recursive: args.recursive,
        include: args.include ?? [],
        exclude: args.exclude ?? [],
        events: eventNames(args.events),
        raw: args.raw,
        ...(debounce !== undefined && command === undefined && { debounce }),
        metadata: args.metadata,
        preview: args.preview,
        diff: args.diff,
        ...(store !== undefined && { store }),
        ...(args.baseline && { baseline: paths }),
        process: processOf(args),
        by: args.by ?? [],
        byAncestor: args.byAncestor ?? [],
      }),
      ...(command === undefined ? [] : [settle(debounce ?? DEFAULT_QUIET)]),
    ],
    sinks: [...sinksOf(args, command), ...(store === undefined ? [] : [history({ directory: store })])],
    ...(drainTimeout !== undefined && { drainTimeout }),
  })
}

/** What stands behind `--`, which is a command to run when a path stands before it. */
function commandOf(args: Parsed): readonly string[] | undefined {
  const isPathGiven = (args.paths ?? []).length + (args.path ?? []).length > 0
  const command = isPathGiven ? behindDashes(args) : []
  if (command.length > 0) return command
  if (args.onBusy === undefined) return undefined
  throw usageError(
    '--on-busy needs a command',
    'Write it behind the paths, as in fsflow watch src -- npm test.',
  )
}

function sinksOf(args: Parsed, command: readonly string[] | undefined): Sink[] {
  if (command === undefined) return [sinkOf(args)]
  const onBusy = oneOf('on-busy', single('on-busy', args.onBusy) ?? 'queue', answersToBusy)
  const isPrinted =
    args.output !== undefined || args.logFile !== undefined || args.long || args.format !== undefined
  return [exec({ command, onBusy, onStop: 'end' }), ...(isPrinted ? [sinkOf(args)] : [])]
}

/** The paths that a command line names, or the environment. */
export function pathsOf(args: Pick<Parsed, 'paths' | 'path'>, further = behindDashes(args)): string[] {
  const given = [...(args.paths ?? []), ...further, ...(args.path ?? [])]
  const fallback = process.env.FSFLOW_PATH ?? ''
  if (given.length === 0 && fallback !== '') given.push(fallback)
  if (given.length === 0) {
    throw usageError(
      'a path to watch is missing',
      'Write it behind the command, as in fsflow watch PATH, or set FSFLOW_PATH.',
    )
  }
  if (given.includes(''))
    throw usageError('a path to watch is empty', 'For the current directory write a dot.')
  return given
}

/** The event types and groups that `--events` names. */
export function eventNames(lists: readonly string[] | undefined): (EventType | EventGroup)[] {
  const names = (lists ?? ['changes']).flatMap((list) => list.split(',')).map((name) => name.trim())
  const known: readonly string[] = [...Object.keys(eventGroups), ...eventTypes]
  return names.map((name) => {
    const found = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase())
    if (found !== undefined) return found as EventType | EventGroup
    throw usageError(`--events: there is no "${name}"`, `There is: ${known.join(', ')}.`)
  })
}

function processOf(args: Parsed): boolean | CostlyProcessField[] {
  if (args.processFields === undefined) return args.process
  if (!args.process) throw usageError('--process-fields needs --process', 'Or write --process=FIELDS.')
  const names = args.processFields.flatMap((list) => list.split(',')).map((name) => name.trim())
  return names.map((name) => {
    const found = costlyProcessFields.find((field) => wireName(field) === name || field === name)
    if (found !== undefined) return found
    const hint = `There is: ${costlyProcessFields.map(wireName).join(', ')}.`
    throw usageError(`--process: there is no "${name}"`, hint)
  })
}

/** As it is called in JSON. */
function wireName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function milliseconds(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value)
  throw usageError(`--debounce: "${value}" is not a number of milliseconds`)
}

function sinkOf(args: Parsed): Sink {
  const output = oneOf('output', single('output', args.output) ?? 'text', outputs)
  const path = single('log-file', args.logFile)
  if (path === '') throw usageError('--log-file is empty', 'Leave it out to print to stdout.')
  if (args.long && output !== 'text') {
    throw usageError(
      `--long does not go with --output ${output}`,
      'The card is a text; leave out one of the two.',
    )
  }
  if (args.mkdir && path === undefined) {
    throw usageError('--mkdir needs --log-file', 'It creates the directory of that file.')
  }
  const format = oneOf('format', single('format', args.format) ?? 'json', recordFormats)
  if (args.format !== undefined && output !== 'json' && output !== 'ndjson') {
    throw usageError(`--format does not go with --output ${output}`, 'Write -o ndjson or -o json.')
  }
  const where = path === undefined ? {} : { path, mkdir: args.mkdir }
  if (output === 'text') return text({ ...where, long: args.long })
  if (output === 'json') return json({ ...where, format })
  return output === 'ndjson' ? ndjson({ ...where, format }) : csv(where)
}
