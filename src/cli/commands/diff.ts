import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { textDiff } from '../../formats/textDiff.js'
import { historyFlags, onlyOne, outputOf, withHistory } from '../history/historyFlags.js'
import { versionOf, versionSpec, versionsOf } from '../history/versionSpec.js'
import { print } from '../terminal/print.js'
import { counted } from '../terminal/counted.js'
import { printable } from '../terminal/printable.js'
import { usageError } from '../usageError.js'

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never

function options(parser: Argv<{ verbose: boolean }>) {
  return historyFlags(
    parser.positional('file', { type: 'string', describe: 'PATH@A..B: two versions of a file' }),
  ).example('$0 diff notes.md@2..5 --store DIR', 'What changed from version 2 to version 5')
}

export const diffCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'diff [file]',
  describe: 'Compare two versions of a file',
  builder: options,
  handler: diff,
}

async function diff(args: ArgumentsCamelCase<Declared>): Promise<void> {
  const output = outputOf(args)
  const given = onlyOne('pair of versions', args.file, args)
  if (given === undefined) throw usageError('the versions are missing', 'Write fsflow diff PATH@A..B.')
  const { path, numbers } = versionSpec(given, 2)
  const [from, to] = await withHistory(args, (history) => {
    const versions = versionsOf(history, path)
    return numbers.map((number) => {
      const version = versionOf(versions, number)
      return { name: `${version.path}@${number}`, bytes: history.content(version) }
    })
  })
  const difference = compare(from!, to!)
  if (output === 'json') {
    await print(
      JSON.stringify({
        path: from!.name.slice(0, from!.name.lastIndexOf('@')),
        from: numbers[0],
        to: numbers[1],
        ...difference,
      }),
    )
    return
  }
  const { diff: text, difference: what } = difference
  const isOut = text ?? `${what}\n`
  if (isOut === '') return
  await print(
    process.stdout.isTTY ? isOut.trimEnd().split('\n').map(printable).join('\n') : isOut.replace(/\n$/, ''),
  )
}

interface Named {
  readonly name: string
  readonly bytes: Buffer
}

interface Compared {
  /** Unified; `null` when the two cannot be compared line by line. */
  readonly diff: string | null
  readonly added: number | null
  readonly removed: number | null
  readonly difference: string
}

function compare(from: Named, to: Named): Compared {
  const none = { diff: null, added: null, removed: null }
  if (from.bytes.equals(to.bytes)) return { diff: '', added: 0, removed: 0, difference: 'none' }
  if ([from, to].some(({ bytes }) => bytes.includes(0) || !Buffer.from(bytes.toString()).equals(bytes))) {
    return { ...none, difference: 'the versions differ, and are no text' }
  }
  const found = textDiff(
    { name: from.name, text: from.bytes.toString() },
    { name: to.name, text: to.bytes.toString() },
  )
  if (found === undefined)
    return { ...none, difference: 'the versions have too little in common to compare them' }
  const { added, removed, unified } = found
  return { diff: unified, added, removed, difference: `${counted(added, 'line')} added, ${removed} removed` }
}
