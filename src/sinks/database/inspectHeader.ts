import { readFd } from '../output/descriptors.js'
import { applicationId, migrations, newerVersion } from './eventsSchema.js'

const MAGIC = 'SQLite format 3\0'

/** Why a file cannot be a database of events, by its header; `undefined` when it can. Nothing is changed. */
export async function inspectHeader(fd: number, size: number): Promise<string | undefined> {
  if (size === 0) return undefined
  const header = await readFd(fd, 0, 100)
  if (header.length < 100 || header.toString('latin1', 0, 16) !== MAGIC) return 'it is not an SQLite database'
  const owner = header.readUInt32BE(68)
  // 0 also while the first transaction is not in the file itself yet.
  if (owner !== 0 && owner !== applicationId) return 'it is the database of something else'
  const version = header.readUInt32BE(60)
  return owner !== 0 && version > migrations.length ? newerVersion(version) : undefined
}
