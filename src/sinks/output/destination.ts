import { resolve } from 'node:path'
import { invalidOption, rejectUnknownOptions } from '../../errors/index.js'
import { escapeControls } from '../../formats/index.js'

/** Where a sink writes. */
export interface DestinationOptions {
  /** The file to append to. Default: standard output. */
  readonly path?: string
  /** Whether the directory of the file is created (mode 0750) when it is missing. Default `false`. */
  readonly mkdir?: boolean
}

export interface Destination {
  /** The sink's name, for messages. */
  readonly owner: string
  /** Absolute; `undefined` for standard output. */
  readonly path: string | undefined
  readonly mkdir: boolean
  /** For messages, escaped. */
  readonly where: string
}

/** Throws FSFLOW_INVALID_OPTION when `name` is there and is not a boolean. */
export function checkBoolean(owner: string, options: object, name: string): void {
  const value: unknown = (options as Readonly<Record<string, unknown>>)[name]
  if (value !== undefined && typeof value !== 'boolean') throw invalidOption(owner, name, 'must be a boolean')
}

function absolute(owner: string, path: unknown): string {
  if (typeof path !== 'string') throw invalidOption(owner, 'path', 'must be a string')
  if (path === '') {
    throw invalidOption(owner, 'path', 'is empty', 'Leave path out to write to standard output.')
  }
  if (path.includes('\0')) throw invalidOption(owner, 'path', 'has a NUL character in it')
  if (path.endsWith('/')) throw invalidOption(owner, 'path', 'names a directory', 'Give the path of a file.')
  return resolve(path)
}

/** Validates the options that every sink has; `further` are the names of its own. */
export function destinationOf(
  owner: string,
  options: DestinationOptions,
  further: readonly string[],
): Destination {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidOption(
      owner,
      'options',
      'must be an object',
      `For example ${owner}({ path: 'events.log' }).`,
    )
  }
  rejectUnknownOptions(owner, options, ['path', 'mkdir', ...further])
  checkBoolean(owner, options, 'mkdir')
  const path = options.path === undefined ? undefined : absolute(owner, options.path)
  if (path === undefined && options.mkdir === true) throw invalidOption(owner, 'mkdir', 'needs a path')
  const where = path === undefined ? 'standard output' : escapeControls(path)
  return { owner, path, mkdir: options.mkdir === true, where }
}

/** What `fsflow check` shows of a sink: the form, and where it goes. */
export function describeDestination(form: string, destination: Destination): string {
  if (destination.path === undefined) return `${form} to standard output`
  const directory = destination.mkdir ? ', its directory created when missing' : ''
  return `${form}, appended to ${destination.where}${directory}`
}
