import { invalidOption, rejectUnknownOptions } from '../errors/index.js'
import type { EventType, FileEvent } from '../events/index.js'
import { escapeControls, escapePath } from './escapeControls.js'
import { localTime } from './localTime.js'

export interface TextOptions {
  /** Whether the type is coloured, by SGR sequences. Default `false`. */
  readonly color?: boolean
}

const typeWidth = 13

const green = '32'
const red = '31'
const yellow = '33'
const blue = '34'
const cyan = '36'
const dim = '2'
const bold = '1'
const alarm = '1;31'

const colors: Readonly<Record<EventType, string>> = {
  CREATE: green,
  MOVED_TO: green,
  DELETE: red,
  DELETE_SELF: red,
  MOVED_FROM: red,
  MOVE_SELF: red,
  MODIFY: yellow,
  CLOSE_WRITE: yellow,
  ATTRIB: cyan,
  RENAME: blue,
  ACCESS: dim,
  OPEN: dim,
  OPEN_EXEC: dim,
  CLOSE_NOWRITE: dim,
  MONITOR_START: bold,
  MONITOR_STOP: bold,
  RECOVERED: bold,
  OVERFLOW: alarm,
  UNMOUNT: alarm,
  WARNING: alarm,
}

function flags(event: FileEvent): string {
  return (event.isDirectory ? 'd' : '-') + (event.synthetic ? 's' : '-') + (event.merged ? 'm' : '-')
}

function subject(event: FileEvent): string {
  const path = escapePath(event.filePath, event.filePathBytes)
  if (event.oldPath !== undefined) return `${escapePath(event.oldPath, event.oldPathBytes)} -> ${path}`
  const message = event.controlDetails === undefined ? '' : escapeControls(event.controlDetails.message)
  if (message === '') return path
  return path === '' || message.includes(path) ? message : `${path}: ${message}`
}

function actor(event: FileEvent): string {
  const process = event.processDetails
  if (process === undefined || process === null) return ''
  const certain = process.resolution === 'open-files' ? '?' : ''
  return `  ${escapeControls(process.name ?? '')}(${process.pid})${certain}`
}

/** Throws FSFLOW_INVALID_OPTION unless `options` are those of `toText`. */
export function checkTextOptions(owner: string, options: TextOptions): void {
  rejectUnknownOptions(owner, options, ['color'])
  if (options.color !== undefined && typeof options.color !== 'boolean') {
    throw invalidOption(owner, 'color', 'must be a boolean')
  }
}

/**
 * The event as one line for people, with its newline: local time, type, flags, path, process.
 *
 * The flags are `d` directory, `s` synthetic, `m` merged. A rename is `old -> new`; a control event shows its
 * message. The process is `name(pid)`, with a `?` when it is inferred and not proven. Control characters are
 * escaped as `escapeControls` says. Throws FSFLOW_INVALID_OPTION.
 */
export function toText(event: FileEvent, options: TextOptions = {}): string {
  checkTextOptions('toText', options)
  const type = event.eventType.padEnd(typeWidth)
  const shown = options.color === true ? `\x1b[${colors[event.eventType]}m${type}\x1b[0m` : type
  const what = subject(event) + actor(event)
  return `${localTime(event.timestampMicros)}  ${shown}  ${flags(event)}${what === '' ? '' : '  ' + what}\n`
}
