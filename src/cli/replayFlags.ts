import type { ArgumentsCamelCase, Argv } from 'yargs'
import { withSource, type Pipeline } from '../pipeline/index.js'
import { replay } from '../sources/index.js'
import { oneOf, single, usageError } from './usageError.js'

const brokenLines = ['skip', 'fail'] as const

/** The flags for running a pipeline on what was recorded. */
export function replayFlags<T>(parser: Argv<T>) {
  return parser
    .option('replay', {
      type: 'string',
      requiresArg: true,
      describe: 'Run it on the events of this file, which fsflow record has written, instead of its source',
    })
    .option('speed', {
      type: 'string',
      requiresArg: true,
      describe: 'With --replay: 1 for the pace of the recording, 10 for ten times that, max [default: max]',
    })
    .option('broken-lines', {
      type: 'string',
      requiresArg: true,
      describe: `With --replay, for lines that are not events: ${brokenLines.join(', ')} [default: skip]`,
    })
}

type Declared = ReturnType<typeof replayFlags> extends Argv<infer T> ? T : never

/** The pipeline on the source that the flags ask for. Throws FSFLOW_USAGE. */
export function replayed(pipeline: Pipeline, args: ArgumentsCamelCase<Declared>): Pipeline {
  const path = single('replay', args.replay)
  const speed = single('speed', args.speed)
  const broken = single('broken-lines', args.brokenLines)
  if (path === undefined) {
    const given = speed !== undefined ? '--speed' : broken !== undefined ? '--broken-lines' : undefined
    if (given === undefined) return pipeline
    throw usageError(`${given} needs --replay`, 'It says how a recording is told.')
  }
  if (path === '') throw usageError('--replay is empty', 'Give the file that fsflow record has written.')
  return withSource(
    pipeline,
    replay({
      path,
      speed: speedOf(speed),
      brokenLines: oneOf('broken-lines', broken ?? 'skip', brokenLines),
      roots: pipeline.source.roots ?? [],
    }),
  )
}

function speedOf(text: string | undefined): number | 'max' {
  if (text === undefined || text === 'max') return 'max'
  const speed = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && speed > 0) return speed
  throw usageError(`--speed: "${text}" is neither a number above 0 nor max`)
}
