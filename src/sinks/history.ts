import type { Sink } from '../contracts/index.js'
import { FsflowError, invalidOption, rejectUnknownOptions } from '../errors/index.js'
import { escapeControls } from '../formats/index.js'
import { checkStoreDirectory } from '../linux/store/storeDirectory.js'
import { placeOf } from './output/placeOf.js'
import { openHistory } from './versions/openHistory.js'

export interface HistorySinkOptions {
  /** Where the versions are kept; made, with mode 0700, when it is not there. */
  readonly directory: string
}

/**
 * Keeps every version of the files that `captureContent` has read, for `fsflow history`, `show`, `diff` and `restore`.
 *
 * Contents are kept once each, compressed, by their SHA-256; which path had which one when is in an index that is only
 * appended to. A process that is killed, at whatever moment, leaves a store that can be read, with each version whole
 * or absent. Give `captureContent` the same directory as its `store`: what is only in its memory may be gone before
 * this sink comes to it, and is then reported (FSFLOW_CONTENT_LOST).
 *
 * `check` and `open` reject with FSFLOW_SINK_OPEN when the directory cannot be used, `write` with FSFLOW_SINK_WRITE or
 * FSFLOW_DISK_FULL. Throws FSFLOW_INVALID_OPTION.
 */
export function history(options: HistorySinkOptions): Sink {
  const directory = directoryOf(options)
  return {
    name: 'history',
    description: `versions of files, kept in ${escapeControls(directory)}`,
    spoolable: false,
    destination: () => placeOf({ path: directory }),
    check: () => told(() => checkStoreDirectory(directory)),
    open: (context) => openHistory(directory, context),
  }
}

function told(action: () => void): Promise<void> {
  try {
    action()
    return Promise.resolve()
  } catch (error) {
    return Promise.reject(FsflowError.is(error) ? error : new Error(String(error)))
  }
}

function directoryOf(options: HistorySinkOptions): string {
  // From a pipeline file anything may come.
  const given: unknown = options
  if (typeof given !== 'object' || given === null) {
    throw invalidOption(
      'history',
      'options',
      'must be an object',
      "For example history({ directory: 'versions' }).",
    )
  }
  rejectUnknownOptions('history', given, ['directory'])
  const { directory } = options
  if (typeof directory === 'string' && directory !== '' && !directory.includes('\0')) return directory
  throw invalidOption('history', 'directory', 'must be the path of a directory')
}
