import { escapePath } from '../../formats/index.js'
import type { Version } from '../../linux/store/History.js'

/** The path of a version for a terminal. */
export function pathText({ path, path_bytes: bytes }: Version): string {
  return escapePath(path, bytes === undefined ? undefined : Buffer.from(bytes, 'base64'))
}

/** One line for each version: number, time, size, mode, digest, event, and the process where it is known. */
export function versionLines(versions: readonly Version[]): string {
  const width = String(versions.at(-1)?.number ?? '').length + 1
  const sizeWidth = Math.max(0, ...versions.map(({ size }) => String(size).length))
  return versions
    .map((version) => {
      const { number, timestamp, size, mode, sha256, event_type: type, process } = version
      const by = process === undefined ? '' : `  ${process.name ?? 'process'} (${process.pid})`
      const text =
        `${`@${number}`.padEnd(width)}  ${timestamp.slice(0, 23)}Z  ${String(size).padStart(sizeWidth)} bytes  ` +
        `${modeText(mode)}  ${sha256.slice(0, 12)}  ${type}${by}`
      return escapePath(text, undefined)
    })
    .join('\n')
}

/** One line for each file: how many versions, the time of the last one, the path. */
export function fileLines(files: readonly (readonly Version[])[]): string {
  const width = Math.max(0, ...files.map(({ length }) => String(length).length))
  return files
    .map((versions) => {
      const last = versions.at(-1)!
      return `${String(versions.length).padStart(width)}  ${last.timestamp.slice(0, 23)}Z  ${pathText(last)}`
    })
    .join('\n')
}

export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

/** A version as JSON has it. */
export function versionJson(version: Version): Record<string, unknown> {
  const { path, path_bytes: bytes, number, mode, ...others } = version
  return { path, ...(bytes !== undefined && { path_bytes: bytes }), number, ...others, mode: modeText(mode) }
}
