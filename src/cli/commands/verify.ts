import { randomInt } from 'node:crypto'
import { tmpdir } from 'node:os'
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { chooseBinding } from '../../linux/openInotify.js'
import { ScratchLoad } from '../load/ScratchLoad.js'
import { sourceFlags, sourceOptions } from '../sourceFlags.js'
import { superviseVerification } from '../superviseVerification.js'
import { verificationJson, verificationText } from '../terminal/renderVerification.js'
import { behindDashes, oneOf, single, usageError, wholeNumber } from '../usageError.js'

const outputs = ['text', 'json'] as const
const DEFAULT_SECONDS = 20
const MAX_SECONDS = 86_400
const MAX_SEED = 2 ** 31 - 1
const MAX_INTERVAL = 2 ** 31 - 1

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never
type Parsed = ArgumentsCamelCase<Declared>

function options(parser: Argv<{ verbose: boolean }>) {
  return sourceFlags(ownFlags(parser))
    .example('$0 verify src', 'Watch, and compare with the disk at Ctrl-C')
    .example('$0 verify src --interval 60000 -o json', 'And each minute, one JSON object a line')
    .example('$0 verify /mnt/data --load', 'Try fsflow on that filesystem, for 20 seconds')
    .epilogue('Exit codes: 0 no differences, 1 differences or a failure, 2 wrong usage.')
}

function ownFlags(parser: Argv<{ verbose: boolean }>) {
  return parser
    .positional('paths', {
      type: 'string',
      array: true,
      describe: 'Directories and files to watch; with --load, where to work',
    })
    .option('interval', {
      type: 'string',
      requiresArg: true,
      describe: 'Compare every so many milliseconds, beside on SIGUSR1 and at the end',
    })
    .option('exclude', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Leave out what matches this glob; repeatable',
    })
    .option('load', {
      type: 'boolean',
      default: false,
      describe:
        'Work at random in a new directory below PATH (or the one for temporary files) and watch that',
    })
    .option('seconds', {
      type: 'string',
      requiresArg: true,
      describe: `How long to work, with --load [default: ${DEFAULT_SECONDS}]`,
    })
    .option('seed', {
      type: 'string',
      requiresArg: true,
      describe: 'What the random choices follow from, with --load [default: another one each time]',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: `How to print: ${outputs.join(', ')} [default: text]`,
    })
}

export const verifyCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'verify [paths..]',
  describe: 'Watch, keep what is told, and compare it with the disk',
  builder: options,
  handler: verify,
}

async function verify(args: Parsed): Promise<void> {
  const paths = [...(args.paths ?? []), ...behindDashes(args)]
  if (paths.includes('')) throw usageError('a path is empty', 'For the current directory write a dot.')
  const { source, options: ofSource } = sourceOptions(args)
  const output = oneOf('output', single('output', args.output) ?? 'text', outputs)
  const interval = wholeNumber('interval', args.interval, 1, MAX_INTERVAL)
  const exclude = args.exclude ?? []
  const format = output === 'json' ? verificationJson : verificationText
  const load = loadOf(args, paths, chooseBinding(ofSource.binding ?? 'auto') === 'koffi')
  if (load === undefined && paths.length === 0) {
    throw usageError('a path is missing', 'Write fsflow verify PATH, or fsflow verify --load.')
  }
  try {
    const watched = load === undefined ? paths : [load.tree]
    await superviseVerification({
      paths: watched,
      exclude,
      source: { source, ...ofSource },
      format,
      interval,
      load,
    })
  } finally {
    await load?.remove()
  }
}

function loadOf(args: Parsed, paths: readonly string[], anyBytes: boolean): ScratchLoad | undefined {
  const seconds = wholeNumber('seconds', args.seconds, 1, MAX_SECONDS)
  const seed = wholeNumber('seed', args.seed, 0, MAX_SEED)
  if (!args.load) {
    const lone = seconds !== undefined ? '--seconds' : seed !== undefined ? '--seed' : undefined
    if (lone === undefined) return undefined
    throw usageError(`${lone} needs --load`, 'Without --load, nothing is written.')
  }
  const foreign = {
    interval: args.interval !== undefined,
    exclude: args.exclude !== undefined,
    'wait-for-path': args.waitForPath,
  }
  for (const [option, isGiven] of Object.entries(foreign)) {
    if (!isGiven) continue
    throw usageError(
      `--${option} does not go with --load`,
      'The load has its own tree, and is followed by a comparison after each round.',
    )
  }
  if (paths.length > 1) throw usageError('--load takes one path at most', 'It works in one directory.')
  return new ScratchLoad(paths[0] ?? tmpdir(), {
    seed: seed ?? randomInt(MAX_SEED),
    seconds: seconds ?? DEFAULT_SECONDS,
    anyBytes,
  })
}
