import type { Argv } from 'yargs'
import { History } from '../../linux/store/History.js'
import { behindDashes, oneOf, single, usageError } from '../usageError.js'

export const historyOutputs = ['text', 'json'] as const

/** The options of every command on a history. */
export function historyFlags<T>(parser: Argv<T>) {
  return parser
    .option('store', {
      type: 'string',
      requiresArg: true,
      describe: 'The directory of the history [default: FSFLOW_HISTORY in the environment]',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: `How to print: ${historyOutputs.join(', ')} [default: text]`,
    })
}

export interface HistoryArguments {
  readonly store: string | undefined
  readonly output: string | undefined
}

export function outputOf(args: HistoryArguments): (typeof historyOutputs)[number] {
  return oneOf('output', single('output', args.output) ?? 'text', historyOutputs)
}

/** The directory of the history. */
export function storeOf(args: HistoryArguments): string {
  const directory = single('store', args.store) ?? process.env.FSFLOW_HISTORY ?? ''
  if (directory !== '') return directory
  throw usageError('the directory of the history is missing', 'Give --store DIR, or set FSFLOW_HISTORY.')
}

/** Opens the history, and closes it after `use`. */
export async function withHistory<T>(
  args: HistoryArguments,
  use: (history: History) => Promise<T> | T,
  mode: 'shared' | 'exclusive' = 'shared',
): Promise<T> {
  const history = new History(storeOf(args), mode)
  try {
    return await use(history)
  } finally {
    history.close()
  }
}

/** The one positional argument of a command line. */
export function onlyOne(what: string, given: string | undefined, args: object): string | undefined {
  const list = [...(given === undefined ? [] : [given]), ...behindDashes(args)]
  if (list.length > 1) throw usageError(`more than one ${what} is given`, 'Run one command for each.')
  if (list[0] === '') throw usageError(`the ${what} is empty`)
  return list[0]
}
