import { SinkWriteError, type RunContext, type Sink, type SinkWriter } from '../contracts/index.js'
import { FsflowError, invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { messageOf } from '../errors/messageOf.js'
import type { FileEvent } from '../events/index.js'
import { escapeControls } from '../formats/index.js'
import { CommandRuns } from './exec/CommandRuns.js'
import { findProgram } from './exec/findProgram.js'

export interface ExecSinkOptions {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[]
  /**
   * Whether it is run for each event, or for all that have come since the last run. Default `'batch'`.
   */
  readonly per?: 'event' | 'batch'
  /** With `per: 'event'`, how many runs there may be at a time. Default 1. */
  readonly concurrency?: number
  /** Milliseconds after which a run is ended. Default: no limit. */
  readonly timeout?: number
  /**
   * With `per: 'batch'`, what becomes of events that come during a run: they wait for its end, the run is ended and
   * started anew with them, or they are left out. Default `'queue'`.
   */
  readonly onBusy?: 'queue' | 'restart' | 'skip'
  /**
   * What becomes of a run that is under way when fsflow is to stop: it has until the `drainTimeout` of the pipeline,
   * or it is ended at once, and not run for what is still waiting. Default `'wait'`; with `onBusy: 'restart'`, whose
   * commands need not end by themselves, `'end'`.
   */
  readonly onStop?: 'wait' | 'end'
  /** Whether it is run for events about the stream too, such as `MONITOR_START`. Default `'files'`: it is not. */
  readonly events?: 'files' | 'all'
}

type Settings = Required<ExecSinkOptions>

const known = ['command', 'per', 'concurrency', 'timeout', 'onBusy', 'onStop', 'events'] as const
const MAX_CONCURRENCY = 1024

/**
 * Runs a command for events, which it finds as JSON, one a line, on its standard input.
 *
 * What it prints goes where fsflow prints. A run that fails is reported and changes nothing else; a program that
 * cannot be started fails the sink. `check` and `open` reject with FSFLOW_SINK_OPEN, `write` with FSFLOW_SINK_WRITE.
 * Throws FSFLOW_INVALID_OPTION.
 */
export function exec(options: ExecSinkOptions): Sink {
  const settings = validate(options)
  const { command, per } = settings
  return {
    name: 'exec',
    description: `runs ${escapeControls(command.join(' '))} for each ${per}`,
    check: () => check(command[0]!),
    async open(context) {
      await check(command[0]!)
      return openWriter(settings, context)
    },
  }
}

function validate(options: ExecSinkOptions): Settings {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalidOption(
      'exec',
      'options',
      'must be an object',
      "For example exec({ command: ['npm', 'test'] }).",
    )
  }
  rejectUnknownOptions('exec', given, known)
  const { per = 'batch', concurrency = 1, timeout = Infinity, onBusy = 'queue', events = 'files' } = options
  const { onStop = onBusy === 'restart' ? 'end' : 'wait' } = options
  const command: unknown = options.command
  if (typeof command === 'string') {
    throw invalidOption('exec', 'command', 'is a text', "No shell reads it: write a list, ['npm', 'test'].")
  }
  if (!Array.isArray(command) || command.length === 0 || command[0] === '') {
    throw invalidOption('exec', 'command', 'must be a list of a program and its arguments')
  }
  command.forEach((part: unknown, index) => {
    if (typeof part === 'string' && !part.includes('\0')) return
    throw invalidOption('exec', `command[${index}]`, 'must be a text without a NUL')
  })
  requireOneOf('per', per, ['event', 'batch'])
  requireOneOf('onBusy', onBusy, ['queue', 'restart', 'skip'])
  requireOneOf('onStop', onStop, ['wait', 'end'])
  requireOneOf('events', events, ['files', 'all'])
  requireWhole('concurrency', concurrency, MAX_CONCURRENCY)
  if (timeout !== Infinity) requireWhole('timeout', timeout, 2 ** 31 - 1)
  if (per === 'batch' && concurrency !== 1) {
    throw invalidOption('exec', 'concurrency', "needs per: 'event'", 'One batch comes after the other.')
  }
  if (per === 'event' && onBusy !== 'queue') {
    throw invalidOption('exec', 'onBusy', "needs per: 'batch'", 'Each event has a run of its own.')
  }
  return { command: [...(command as readonly string[])], per, concurrency, timeout, onBusy, onStop, events }
}

function requireOneOf(option: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return
  throw invalidOption('exec', option, 'is not known', `One of: ${choices.join(', ')}.`)
}

function requireWhole(option: string, value: unknown, most: number): void {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return
  throw invalidOption('exec', option, `must be a whole number from 1 to ${most}`)
}

async function check(program: string): Promise<void> {
  if ((await findProgram(program)) !== undefined) return
  throw new FsflowError({
    code: 'FSFLOW_SINK_OPEN',
    message: `exec: there is no program ${escapeControls(program)}`,
    path: program,
    hint: 'Give its path, or the name of one in the folders of PATH.',
  })
}

function openWriter(settings: Settings, context: RunContext): SinkWriter {
  const { per, concurrency, onBusy, onStop, events: wanted } = settings
  const runs = new CommandRuns(settings, (issue) => context.report(issue))
  let closed = false
  const end = (): void => runs.end()
  const isEnding = (): boolean => onStop === 'end' && context.signal.aborted
  if (onStop === 'end') context.signal.addEventListener('abort', end, { once: true })

  const writeError = (cause: unknown, lost: number): SinkWriteError =>
    new SinkWriteError({
      code: 'FSFLOW_SINK_WRITE',
      message: `exec: ${messageOf(cause)}; ${lost} event${lost === 1 ? '' : 's'} not handed over`,
      cause,
      lost,
    })

  const run = async (events: readonly FileEvent[]): Promise<void> => {
    if (onBusy === 'restart') await runs.restart(events)
    else if (onBusy === 'skip') runs.runOrSkip(events)
    else await runs.run(events)
  }

  return {
    ownFiles: [],
    async write(batch) {
      if (closed) throw writeError(new Error('the sink is closed'), batch.length)
      const events = wanted === 'all' ? batch : batch.filter((event) => !event.isControl)
      if (events.length === 0) return
      if (isEnding()) {
        runs.skip(events.length)
        return
      }
      if (per === 'event') {
        const lost = await runs.runEach(events, concurrency)
        if (lost > 0) throw writeError(new Error(`${settings.command[0]!} cannot be started`), lost)
        return
      }
      await run(events).catch((error: unknown) => {
        throw writeError(error, events.length)
      })
    },
    async close() {
      closed = true
      if (onStop === 'end') runs.end()
      await runs.settled()
      context.signal.removeEventListener('abort', end)
      runs.tellSkipped('when it was to stop')
    },
  }
}
