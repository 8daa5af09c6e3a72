import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { historyFlags, outputOf, withHistory } from '../history/historyFlags.js'
import { counted } from '../terminal/counted.js'
import { print } from '../terminal/print.js'
import { behindDashes, usageError, wholeNumber } from '../usageError.js'

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never

const DAY_MS = 86_400_000

function options(parser: Argv<{ verbose: boolean }>) {
  return historyFlags(parser)
    .option('keep', {
      type: 'string',
      requiresArg: true,
      describe: 'Keep so many versions of each file, the newest',
    })
    .option('days', {
      type: 'string',
      requiresArg: true,
      describe: 'Keep what a file held in the last so many days',
    })
    .option('dry-run', { type: 'boolean', default: false, describe: 'Only say what would be given up' })
    .example('$0 prune --keep 20 --store DIR', 'Twenty versions of each file')
    .example('$0 prune --days 30 --dry-run --store DIR', 'What is older than a month')
    .epilogue('The newest version of each file is always kept. Nothing may write to the history meanwhile.')
}

export const pruneCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'prune',
  describe: 'Give up old versions in a history',
  builder: options,
  handler: prune,
}

async function prune(args: ArgumentsCamelCase<Declared>): Promise<void> {
  const output = outputOf(args)
  const keep = wholeNumber('keep', args.keep, 1, Number.MAX_SAFE_INTEGER)
  const days = wholeNumber('days', args.days, 0, 36_500)
  if (behindDashes(args).length > 0) throw usageError('prune takes no path', 'It is about the whole history.')
  if (keep === undefined && days === undefined) {
    throw usageError('it is not said what to keep', 'Give --keep N, --days N, or both.')
  }
  const before = days === undefined ? undefined : new Date(Date.now() - days * DAY_MS).toISOString()
  const { dryRun } = args
  const pruned = await withHistory(args, (history) => history.prune({ keep, before, dryRun }), 'exclusive')
  if (output === 'json') await print(JSON.stringify({ ...pruned, dry_run: dryRun }))
  else {
    const verb = dryRun ? 'would be given up' : 'given up'
    const { versions, contents, bytes } = pruned
    await print(
      `${counted(versions, 'version')} ${verb}, ${counted(contents, 'content')}, ${counted(bytes, 'byte')}`,
    )
  }
}
