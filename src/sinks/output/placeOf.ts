import { readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Destination } from './destination.js'

/**
 * The real path of what a sink writes to, as far as it exists. Of standard output it is what that leads to, so that a
 * file is known again to which it is redirected; of `/dev/null`, where nothing gets mixed, `undefined`.
 */
export async function placeOf({ path }: Pick<Destination, 'path'>): Promise<string | undefined> {
  // When it is closed there is none; the check says so.
  if (path === undefined) return readlink('/proc/self/fd/1').catch(() => undefined)
  return path === '/dev/null' ? undefined : realPath(path)
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(await realPath(above), basename(path))
  }
}
