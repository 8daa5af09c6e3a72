import { FsflowError } from '../../errors/index.js'

/** How many events an error says were not written. By name, for it may come from another copy of the package. */
export function lostIn(error: unknown, otherwise: number): number {
  if (!FsflowError.is(error) || !('lost' in error)) return otherwise
  return typeof error.lost === 'number' ? error.lost : otherwise
}
