import type { ArgumentsCamelCase, Argv } from 'yargs'
import { fanotifyScopes } from '../linux/fanotify/FanotifyMarks.js'
import { bindingNames } from '../linux/openInotify.js'
import { watchSourceNames } from '../pipeline/index.js'
import { oneOf, single, usageError, wholeNumber } from './usageError.js'

const limitAnswers = ['error', 'poll'] as const
const pollings = ['auto', 'off'] as const
const MIN_POLL_INTERVAL = 10
const MAX_POLL_INTERVAL = 86_400_000

/** The flags of the sources that every command has which watches. */
export function sourceFlags<T>(parser: Argv<T>) {
  return parser
    .option('source', {
      type: 'string',
      requiresArg: true,
      describe: `Where events come from: ${watchSourceNames.join(', ')} [default: auto: fanotify where it can be had]`,
    })
    .option('scope', {
      type: 'string',
      requiresArg: true,
      describe: `What one mark of fanotify covers: ${fanotifyScopes.join(', ')} [default: auto]`,
    })
    .option('wait-for-path', {
      type: 'boolean',
      default: false,
      describe: 'Wait for a path that does not exist, instead of failing',
    })
    .option('follow-symlinks', {
      type: 'boolean',
      default: false,
      describe: 'Tell what is in the directories that symbolic links lead to, each directory once',
    })
    .option('on-watch-limit', {
      type: 'string',
      requiresArg: true,
      describe: `With more directories than watches: ${limitAnswers.join(', ')} (poll the rest) [default: error]`,
    })
    .option('poll', {
      type: 'string',
      requiresArg: true,
      describe: `Compare filesystems of which inotify does not see all (NFS, overlay ...): ${pollings.join(', ')} [default: auto]`,
    })
    .option('poll-interval', {
      type: 'string',
      requiresArg: true,
      describe: 'Milliseconds, at least, from one look at what is polled to the next [default: 2000]',
    })
    .option('binding', {
      type: 'string',
      requiresArg: true,
      describe: `How to reach inotify: ${bindingNames.join(', ')} [default: auto]`,
    })
}

type Declared = ReturnType<typeof sourceFlags> extends Argv<infer T> ? T : never

/** The flags that only one kind of source has, by their options. */
const ofInotify: Readonly<Record<string, string>> = {
  followSymlinks: 'follow-symlinks',
  onWatchLimit: 'on-watch-limit',
  poll: 'poll',
  pollInterval: 'poll-interval',
  binding: 'binding',
  repair: 'repair',
}

/** What the flags say, as options of the source that is named; only those that were given. Throws FSFLOW_USAGE. */
export function sourceOptions(args: ArgumentsCamelCase<Declared>, repair?: 'full' | 'off') {
  const options = {
    waitForPath: args.waitForPath || undefined,
    followSymlinks: args.followSymlinks || undefined,
    onWatchLimit: choice('on-watch-limit', args.onWatchLimit, limitAnswers),
    poll: choice('poll', args.poll, pollings),
    pollInterval: wholeNumber('poll-interval', args.pollInterval, MIN_POLL_INTERVAL, MAX_POLL_INTERVAL),
    binding: choice('binding', args.binding, bindingNames),
    scope: choice('scope', args.scope, fanotifyScopes),
    repair,
  }
  const source = choice('source', args.source, watchSourceNames) ?? 'auto'
  for (const [option, flag] of Object.entries(source === 'fanotify' ? ofInotify : ofFanotify(source))) {
    if (options[option as keyof typeof options] === undefined) continue
    throw usageError(
      `--${flag} does not go with --source ${source}`,
      `The ${source} source has no such thing.`,
    )
  }
  return { source, options: withoutUndefined(options) }
}

function ofFanotify(source: 'auto' | 'inotify'): Readonly<Record<string, string>> {
  return source === 'inotify' ? { scope: 'scope' } : {}
}

function choice<T extends string>(option: string, given: string | undefined, choices: readonly T[]) {
  const value = single(option, given)
  return value === undefined ? undefined : oneOf(option, value, choices)
}

function withoutUndefined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
