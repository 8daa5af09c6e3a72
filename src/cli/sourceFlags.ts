import type { ArgumentsCamelCase, Argv } from 'yargs'
import { bindingNames } from '../linux/openInotify.js'
import { oneOf, single, wholeNumber } from './usageError.js'

const limitAnswers = ['error', 'poll'] as const
const pollings = ['auto', 'off'] as const
const MIN_POLL_INTERVAL = 10
const MAX_POLL_INTERVAL = 86_400_000

/** The flags of the inotify source that every command has which watches. */
export function sourceFlags<T>(parser: Argv<T>) {
  return parser
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

/** What the flags say, as options of `inotify()`. Throws FSFLOW_USAGE. */
export function sourceOptions(args: ArgumentsCamelCase<Declared>) {
  const pollInterval = wholeNumber('poll-interval', args.pollInterval, MIN_POLL_INTERVAL, MAX_POLL_INTERVAL)
  return {
    waitForPath: args.waitForPath,
    followSymlinks: args.followSymlinks,
    onWatchLimit: choice('on-watch-limit', args.onWatchLimit, limitAnswers),
    poll: choice('poll', args.poll, pollings),
    ...(pollInterval !== undefined && { pollInterval }),
    binding: choice('binding', args.binding, bindingNames),
  }
}

/** The first choice is the default. */
function choice<T extends string>(
  option: string,
  given: string | undefined,
  choices: readonly [T, ...T[]],
): T {
  return oneOf(option, single(option, given) ?? choices[0], choices)
}
