import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { historyFlags, onlyOne, outputOf, withHistory } from '../history/historyFlags.js'
import { versionJson } from '../history/renderHistory.js'
import { versionOf, versionSpec, versionsOf } from '../history/versionSpec.js'
import { print, write } from '../terminal/print.js'
import { printable } from '../terminal/printable.js'
import { usageError } from '../usageError.js'

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never

function options(parser: Argv<{ verbose: boolean }>) {
  return historyFlags(
    parser.positional('file', { type: 'string', describe: 'PATH@N: the version N of a file' }),
  )
    .example('$0 show notes.md@3 --store DIR', 'What the file held in version 3')
    .epilogue('The bytes are printed as they are; on a terminal, control characters are escaped.')
}

export const showCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'show [file]',
  describe: 'Print a version of a file',
  builder: options,
  handler: show,
}

async function show(args: ArgumentsCamelCase<Declared>): Promise<void> {
  const output = outputOf(args)
  const given = onlyOne('version', args.file, args)
  if (given === undefined) throw usageError('the version is missing', 'Write fsflow show PATH@N.')
  const { path, numbers } = versionSpec(given, 1)
  const { version, bytes } = await withHistory(args, (history) => {
    const version = versionOf(versionsOf(history, path), numbers[0]!)
    return { version, bytes: history.content(version) }
  })
  if (output === 'json') await print(JSON.stringify({ ...versionJson(version), ...contentJson(bytes) }))
  else if (!process.stdout.isTTY) await write(bytes)
  else await print(bytes.toString().replace(/\n$/, '').split('\n').map(printable).join('\n'))
}

/** The content as text where that is exact, else in base64. */
function contentJson(bytes: Buffer): Record<string, string> {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? { content: text } : { content_base64: bytes.toString('base64') }
}
