import { resolve } from 'node:path'
import { FsflowError } from '../../errors/index.js'
import type { History, Version } from '../../linux/store/History.js'
import { rawFromText, textFromRaw } from '../../linux/rawPath.js'
import { realPath } from '../../linux/realPath.js'
import { usageError } from '../usageError.js'

/** What `PATH@N` and `PATH@A..B` say. */
export interface VersionSpec {
  readonly path: string
  readonly numbers: readonly number[]
}

/** Reads `PATH@N`, or with two numbers `PATH@A..B`. The path may have an @ in it. */
export function versionSpec(text: string, count: 1 | 2): VersionSpec {
  const form = count === 1 ? 'PATH@N' : 'PATH@A..B'
  const match = (count === 1 ? /^([^]+)@(\d+)$/ : /^([^]+)@(\d+)\.\.(\d+)$/).exec(text)
  if (match === null)
    throw usageError(`"${text}" is not of the form ${form}`, 'fsflow history PATH lists the numbers.')
  return { path: match[1]!, numbers: match.slice(2).map(Number) }
}

/** The versions of a path as it was given, or of the file that it leads to. */
export function versionsOf(history: History, path: string): readonly Version[] {
  const absolute = resolve(path)
  const versions = history.versions(absolute)
  if (versions.length > 0) return versions
  const real = textFromRaw(realPath(rawFromText(absolute)))
  const found = real === absolute ? [] : history.versions(real)
  if (found.length > 0) return found
  throw new FsflowError({
    code: 'FSFLOW_PATH_NOT_FOUND',
    message: `the history has no version of ${absolute}`,
    path: absolute,
    hint: 'fsflow history lists the files that it has.',
  })
}

/** The version of a number. */
export function versionOf(versions: readonly Version[], number: number): Version {
  const found = versions.find((version) => version.number === number)
  if (found !== undefined) return found
  const [first, last] = [versions[0]!, versions.at(-1)!]
  throw new FsflowError({
    code: 'FSFLOW_PATH_NOT_FOUND',
    message: `there is no version ${number} of ${first.path}`,
    path: first.path,
    hint: `There are some from ${first.number} to ${last.number}: fsflow history lists them.`,
  })
}
