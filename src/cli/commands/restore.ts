import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { presentDigest, restoreFile } from '../../linux/store/restoreFile.js'
import { RunFailure } from '../exitCodes.js'
import { historyFlags, onlyOne, outputOf, withHistory } from '../history/historyFlags.js'
import { pathText, versionJson } from '../history/renderHistory.js'
import { versionOf, versionSpec, versionsOf } from '../history/versionSpec.js'
import { print } from '../terminal/print.js'
import { printable } from '../terminal/printable.js'
import { single, usageError } from '../usageError.js'

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never

function options(parser: Argv<{ verbose: boolean }>) {
  return historyFlags(
    parser.positional('file', { type: 'string', describe: 'PATH@N: the version N of a file' }),
  )
    .option('to', { type: 'string', requiresArg: true, describe: 'Write it to this path instead' })
    .option('force', {
      type: 'boolean',
      default: false,
      describe: 'Replace a file also when the history does not have what it holds now',
    })
    .example('$0 restore notes.md@3 --store DIR', 'Make the file what it was in version 3')
    .example('$0 restore notes.md@3 --to old.md --store DIR', 'And leave notes.md as it is')
}

export const restoreCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'restore [file]',
  describe: 'Make a file what it was in a version',
  builder: options,
  handler: restore,
}

async function restore(args: ArgumentsCamelCase<Declared>): Promise<void> {
  const output = outputOf(args)
  const given = onlyOne('version', args.file, args)
  if (given === undefined) throw usageError('the version is missing', 'Write fsflow restore PATH@N.')
  const { path, numbers } = versionSpec(given, 1)
  const to = single('to', args.to)
  if (to === '') throw usageError('--to is empty')
  const { version, target } = await withHistory(args, (history) => {
    const versions = versionsOf(history, path)
    const version = versionOf(versions, numbers[0]!)
    const target = resolve(to ?? version.path)
    if (to === undefined && version.path_bytes !== undefined) {
      throw usageError('the name of the file is not valid UTF-8', 'Give the path to write to with --to.')
    }
    const bytes = history.content(version)
    if (!existsSync(dirname(target))) throw new RunFailure(homeless(target))
    try {
      const present = presentDigest(target)
      const isKept = present === undefined || versions.some(({ sha256 }) => sha256 === present)
      if (!isKept && !args.force) throw new RunFailure(unsaved(target))
      restoreFile(target, bytes, version.mode)
    } catch (cause) {
      throw cause instanceof RunFailure ? cause : new RunFailure(failed(target, cause))
    }
    return { version, target }
  })
  if (output === 'json') await print(JSON.stringify({ ...versionJson(version), restored_to: target }))
  else
    await print(`${printable(target)} is ${pathText(version)}@${version.number} again: ${version.size} bytes`)
}

function unsaved(target: string): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_SINK_OPEN',
    message: `${target} holds what the history does not have: it would be lost`,
    path: target,
    hint: 'Copy it away first, write elsewhere with --to, or give --force.',
  })
}

function homeless(target: string): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_SINK_OPEN',
    message: `cannot restore ${target}: there is no directory ${dirname(target)}`,
    path: target,
    hint: 'Make it first, or write elsewhere with --to.',
  })
}

function failed(target: string, cause: unknown): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_SINK_WRITE',
    message: `cannot restore ${target}: ${messageOf(cause)}`,
    path: target,
    cause,
  })
}
