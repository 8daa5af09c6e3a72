import { readFileSync, writeFileSync } from 'node:fs'

const limit = '/proc/sys/fs/inotify/max_user_watches'

/** Runs something that needs so many inotify watches. Root gets a higher limit meanwhile; others an error. */
export async function withWatches<T>(watches: number, body: () => Promise<T>): Promise<T> {
  const before = readFileSync(limit, 'utf8').trim()
  if (Number(before) >= watches) return body()
  try {
    writeFileSync(limit, String(watches))
  } catch {
    throw new Error(`needs ${watches} inotify watches, and fs.inotify.max_user_watches is ${before}`)
  }
  const restore = () => writeFileSync(limit, before)
  process.once('exit', restore)
  try {
    return await body()
  } finally {
    process.off('exit', restore)
    restore()
  }
}
