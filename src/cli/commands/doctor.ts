import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { FsflowError } from '../../errors/index.js'
import { advise } from '../doctor/advise.js'
import { examinePath } from '../doctor/examinePath.js'
import { examineSystem } from '../doctor/examineSystem.js'
import { RunFailure } from '../exitCodes.js'
import { print } from '../terminal/print.js'
import { diagnosisJson, diagnosisText } from '../terminal/renderDiagnosis.js'
import { behindDashes, oneOf, single, usageError } from '../usageError.js'

const outputs = ['text', 'json'] as const

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never

function options(parser: Argv<{ verbose: boolean }>) {
  return parser
    .positional('path', { type: 'string', describe: 'What you want to watch: a directory or a file' })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: `How to print: ${outputs.join(', ')} [default: text]`,
    })
    .example('$0 doctor', 'The kernel, the bindings, the limits and who uses them')
    .example('$0 doctor ~/work', 'And what watching that takes')
    .example('$0 doctor / -o json', 'One JSON object')
    .epilogue('Exit codes: 0 it can be watched, 1 it cannot with the limits of today, 2 wrong usage.')
}

export const doctorCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'doctor [path]',
  describe: 'Say what watching a path takes, and what stands in the way',
  builder: options,
  handler: doctor,
}

async function doctor(args: ArgumentsCamelCase<Declared>): Promise<void> {
  const output = oneOf('output', single('output', args.output) ?? 'text', outputs)
  const path = pathOf(args)
  const system = examineSystem()
  const state = path === undefined ? undefined : examinePath(path, system.fanotify)
  const advice = advise(system, state)
  const diagnosis = { system, path: state, advice }
  await print(output === 'json' ? diagnosisJson(diagnosis) : diagnosisText(diagnosis))
  const obstacle = advice.find(({ required }) => required)
  if (obstacle === undefined) return
  const { message, sysctl } = obstacle
  throw new RunFailure(
    new FsflowError({
      code: sysctl === undefined ? 'FSFLOW_BINDING_UNAVAILABLE' : 'FSFLOW_WATCH_LIMIT',
      message,
      path,
      hint: sysctl === undefined ? undefined : `Raise it with: sudo sysctl ${sysctl}`,
    }),
  )
}

function pathOf(args: ArgumentsCamelCase<Declared>): string | undefined {
  const given = [...(args.path === undefined ? [] : [args.path]), ...behindDashes(args)]
  if (given.length > 1) throw usageError('doctor looks at one path', 'Start it once for each.')
  if (given[0] === '') throw usageError('the path is empty', 'For the current directory write a dot.')
  return given[0]
}
