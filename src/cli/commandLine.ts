import yargs, { type CommandModule } from 'yargs'
import { FsflowError } from '../errors/index.js'
import { runningPackage } from '../pipeline/index.js'
import { checkFlags, type DeclaredOptions } from './checkFlags.js'
import { checkCommand } from './commands/check.js'
import { diffCommand } from './commands/diff.js'
import { doctorCommand } from './commands/doctor.js'
import { historyCommand } from './commands/history.js'
import { pruneCommand } from './commands/prune.js'
import { queryCommand } from './commands/query.js'
import { recordCommand } from './commands/record.js'
import { restoreCommand } from './commands/restore.js'
import { runCommand } from './commands/run.js'
import { showCommand } from './commands/show.js'
import { verifyCommand } from './commands/verify.js'
import { watchCommand } from './commands/watch.js'
import { tellFailure } from './tellFailure.js'
import { usageError } from './usageError.js'

const modules = [
  watchCommand,
  runCommand,
  checkCommand,
  recordCommand,
  queryCommand,
  verifyCommand,
  doctorCommand,
  historyCommand,
  showCommand,
  diffCommand,
  restoreCommand,
  pruneCommand,
]
const commands = modules.map(({ command }) => String(command).split(' ')[0]!)

/** Options that may stand before the command. */
const ofEveryCommand = /^(-[vh]+|--(no-)?verbose|--verbose=.*|--help|--version)$/

/** Does what the arguments say and returns the exit code. Prints errors; never rejects. */
export async function commandLine(given: readonly string[]): Promise<number> {
  const argv = withProcessFields(given)
  try {
    requireCommand(argv)
    await parse(argv)?.run()
    return 0
  } catch (error) {
    return tellFailure(error, argv.includes('--verbose') || argv.includes('-v'))
  }
}

/** `--process=FIELDS` as two flags: the parser has none whose value may be left out. */
function withProcessFields(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.flatMap((argument, index) => {
    const fields = /^--process=(?!true$|false$)([^]+)$/.exec(argument)?.[1]
    if (fields === undefined || (end >= 0 && index > end)) return argument
    return ['--process', `--process-fields=${fields}`]
  })
}

function requireCommand(argv: readonly string[]): void {
  const at = argv.findIndex((argument) => !ofEveryCommand.test(argument))
  const command = argv[at]
  if (command === undefined || commands.includes(command)) return
  if (command.startsWith('-') && argv.slice(at).some((argument) => !argument.startsWith('-'))) {
    throw usageError(
      `${command} stands before the command`,
      `Options stand behind it: fsflow COMMAND ${command} ...`,
    )
  }
  if (command.startsWith('-')) return
  throw usageError(`there is no command "${command}"`, `There is: ${commands.join(', ')}. See fsflow --help.`)
}

/** A command with its arguments. */
class Chosen {
  constructor(readonly run: () => void | Promise<void>) {}
}

/** The command that the arguments ask for; `undefined` when they asked for help, or the version, and have it. */
function parse(argv: readonly string[]): Chosen | undefined {
  try {
    void parser(argv).parse()
    return undefined
  } catch (thrown) {
    if (thrown instanceof Chosen) return thrown
    throw thrown
  }
}

// Thrown, for behind each handler that has begun the parser would make up the whole help: a third of the time of a start.
function chosen(command: CommandModule): CommandModule {
  return {
    ...command,
    handler: (args) => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw new Chosen(() => command.handler(args))
    },
  }
}

function parser(argv: readonly string[]) {
  return yargs(argv)
    .scriptName('fsflow')
    .usage('$0 COMMAND\n\nFilesystem events of Linux as a stream.')
    .locale('en')
    .parserConfiguration({
      // What stands behind -- may begin with a dash: taken as a positional it would be parsed once more.
      'populate--': true,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
    })
    .option('verbose', {
      alias: 'v',
      type: 'boolean',
      default: false,
      global: true,
      describe: 'Counters of every stage at the end, and stack traces',
    })
    .command(modules.map((command) => chosen(command as CommandModule)))
    .demandCommand(1, 'a command is missing')
    .strict()
    .check((_, options) => {
      // The types say otherwise.
      checkFlags(argv, options as unknown as DeclaredOptions)
      return true
    })
    .help()
    .alias('help', 'h')
    .version(runningPackage().version)
    .example('$0 watch src', 'Print every change below src until Ctrl-C')
    .example("$0 watch . --exclude node_modules --include '*.ts' -o ndjson", 'One JSON object a line')
    .example('$0 run pipeline.ts', 'Run a pipeline file')
    .epilogue('Exit codes: 0 stopped cleanly, 1 failed while running, 2 wrong usage or invalid pipeline.')
    .wrap(Math.min(110, process.stdout.columns || 80))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && (FsflowError.is(error) || error.name !== 'YError')) throw error
      throw usageError(message ?? error?.message ?? 'wrong usage')
    })
}
