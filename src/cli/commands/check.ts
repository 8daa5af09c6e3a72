import type { Argv, CommandModule } from 'yargs'
import { checkPlan, describePlan, planPipeline } from '../../pipeline/index.js'
import { guardFile, loadGuarded } from '../guardFile.js'
import { print } from '../terminal/print.js'
import { printable } from '../terminal/printable.js'
import { renderError } from '../terminal/renderError.js'
import { fileOf } from './run.js'

interface Arguments {
  readonly verbose: boolean
  readonly file: string | undefined
}

export const checkCommand: CommandModule<{ verbose: boolean }, Arguments> = {
  command: 'check [file]',
  describe: 'Validate a pipeline file and print its plan, without opening anything',
  builder: (parser: Argv<{ verbose: boolean }>) =>
    parser
      .positional('file', {
        type: 'string',
        describe: 'A TypeScript or JavaScript file with a default export',
      })
      .example('$0 check pipeline.ts', 'What it watches, what is pushed down, what each sink will do'),
  handler: (args) => {
    const file = fileOf('check', args)
    const { verbose } = args
    return guardFile({ file, verbose }, () => check(file, verbose))
  },
}

async function check(file: string, verbose: boolean): Promise<void> {
  const plan = planPipeline(await loadGuarded(file))
  const { lines, problems } = await checkPlan(plan)
  const text = describePlan(plan, lines)
  await print(text.split('\n').map(printable).join('\n'))
  const last = problems.at(-1)
  for (const problem of problems.slice(0, -1)) process.stderr.write(renderError(problem, verbose))
  if (last !== undefined) throw last
}
