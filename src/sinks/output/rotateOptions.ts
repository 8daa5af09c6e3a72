import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'
import { parseDuration } from '../../formats/parseDuration.js'
import { checkBoolean } from './destination.js'
import type { Rotation } from './RotatingOutput.js'

/** When a file is put aside, and what becomes of it: `size`, `interval` or both. */
export interface RotateOptions {
  /** Bytes that a file has at most; one event that is larger has a file of its own. Default: no limit. */
  readonly size?: number
  /** How long a file is written: `1d`, `12h`, `30m`, `10s`, in even parts of UTC. Default: without end. */
  readonly interval?: string
  /** How many files that were put aside are kept. Default 10. */
  readonly keep?: number
  /** Whether they are compressed, by gzip. Default `false`. */
  readonly compress?: boolean
}

const defaultKeep = 10
const leastInterval = 1000

/** Throws FSFLOW_INVALID_OPTION. */
export function rotationOf(given: unknown): Rotation | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'object' || given === null) {
    throw invalidOption('file', 'rotate', 'must be an object', "For example { interval: '1d', keep: 7 }.")
  }
  rejectUnknownOptions('file: rotate', given, ['size', 'interval', 'keep', 'compress'])
  checkBoolean('file: rotate', given, 'compress')
  const { size, interval, keep = defaultKeep, compress = false } = given as RotateOptions
  if (size === undefined && interval === undefined) {
    throw invalidOption(
      'file',
      'rotate',
      'needs size or interval',
      "For example { interval: '1d', keep: 7 }.",
    )
  }
  requireCount('size', size)
  requireCount('keep', keep)
  const millis = interval === undefined ? Infinity : parseDuration(interval)
  if (!(millis >= leastInterval)) {
    const hint = 'For example 1d, 12h, 30m, 10s.'
    throw invalidOption('file: rotate', 'interval', 'must be a time of one second or more', hint)
  }
  return { size: size ?? Infinity, interval: millis, keep, compress }
}

function requireCount(option: string, value: unknown): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 1)) return
  throw invalidOption('file: rotate', option, 'must be a whole number of 1 or more')
}

/** What `fsflow check` adds to the description of the file. */
export function rotationInWords(rotate: RotateOptions | undefined): string {
  if (rotate === undefined) return ''
  const { size, interval, keep = defaultKeep, compress = false } = rotate
  const due = [
    ...(size === undefined ? [] : [`at ${size} bytes`]),
    ...(interval === undefined ? [] : [`every ${interval}`]),
  ]
  return `, rotated ${due.join(' and ')}, ${keep} kept${compress ? ', compressed' : ''}`
}
