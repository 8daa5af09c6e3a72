import { DirectoryReader, identify } from './DirectoryReader.js'
import type { InotifyBinding } from './InotifyBinding.js'
import { listByNode } from './nodeInotify.js'

/** Lists and identifies without an inotify instance: by FFI, or by node:fs where there is none. */
export function directoryPort(): Pick<InotifyBinding, 'list' | 'identify'> {
  let reader: DirectoryReader
  try {
    reader = new DirectoryReader()
  } catch {
    return { list: listByNode, identify }
  }
  return {
    list: (path) => reader.list(path),
    identify: (path) => reader.withShortPath(path, identify),
  }
}
