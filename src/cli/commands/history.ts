import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { historyFlags, onlyOne, outputOf, withHistory } from '../history/historyFlags.js'
import { fileLines, pathText, versionJson, versionLines } from '../history/renderHistory.js'
import { versionsOf } from '../history/versionSpec.js'
import { print } from '../terminal/print.js'

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never

function options(parser: Argv<{ verbose: boolean }>) {
  return historyFlags(
    parser.positional('path', { type: 'string', describe: 'The file; without it, all files are listed' }),
  )
    .example('$0 history --store DIR', 'The files that the history has')
    .example('$0 history notes.md --store DIR', 'The versions of a file')
}

export const historyCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'history [path]',
  describe: 'List the versions that a history keeps of a file',
  builder: options,
  handler: list,
}

async function list(args: ArgumentsCamelCase<Declared>): Promise<void> {
  const output = outputOf(args)
  const path = onlyOne('path', args.path, args)
  const files = await withHistory(args, (history) =>
    path === undefined ? [...history.all().values()] : [versionsOf(history, path)],
  )
  if (output === 'json')
    await print(JSON.stringify(path === undefined ? files.map(summary) : files[0]!.map(versionJson)))
  else if (path !== undefined) await print(`${pathText(files[0]![0]!)}\n${versionLines(files[0]!)}`)
  else if (files.length > 0) await print(fileLines(files))
}

function summary(versions: Parameters<typeof versionLines>[0]): Record<string, unknown> {
  return { versions: versions.length, last: versionJson(versions.at(-1)!) }
}
