import { dirname, relative } from 'node:path'
import { formatTimestamp } from '../../events/index.js'
import { GlobFilter } from '../../operators/globs/GlobFilter.js'
import { compileGlobs } from '../../operators/globs/globRules.js'
import type { Connection } from '../../sinks/database/loadLibsql.js'
import type { Rows } from './Rows.js'

export const subjects = ['paths', 'processes', 'directories'] as const
export type Subject = (typeof subjects)[number]

export interface TopOptions {
  readonly subject: Subject
  /** Microseconds since the epoch. */
  readonly since: number | undefined
  /** As an `include` of `filterGlob`, relative to the working directory. */
  readonly globs: readonly string[]
  readonly limit: number
}

interface Tally {
  events: number
  first: number
  last: number
}

const columnOf = { paths: 'path', processes: 'name', directories: 'directory' } as const

/** What most events are about, the most first. Events about the stream itself are left out. */
export function topEvents(db: Connection, { subject, since, globs, limit }: TopOptions): Rows {
  const passes = pathFilter(globs)
  const statement = db.prepare(
    `SELECT path, json_extract(details, '$.is_directory'), name, count(*), min(time), max(time) FROM events
     WHERE path <> '' AND time >= ? GROUP BY 1, 2, 3`,
  )
  const tallies = new Map<string, Tally>()
  for (const row of statement.raw(true).iterate([since ?? 0])) {
    const [path, isDirectory, name, events, first, last] = row as [
      string,
      number,
      string | null,
      number,
      number,
      number,
    ]
    if (!passes(path, isDirectory === 1)) continue
    const key = subject === 'paths' ? path : subject === 'directories' ? dirname(path) : (name ?? 'unknown')
    const tally = tallies.get(key)
    if (tally === undefined) tallies.set(key, { events, first, last })
    else {
      tally.events += events
      tally.first = Math.min(tally.first, first)
      tally.last = Math.max(tally.last, last)
    }
  }
  const sorted = [...tallies].sort(
    ([oneKey, one], [otherKey, other]) => other.events - one.events || (oneKey < otherKey ? -1 : 1),
  )
  return {
    columns: ['events', 'first', 'last', columnOf[subject]],
    rows: sorted
      .slice(0, limit)
      .map(([key, { events, first, last }]) => [events, formatTimestamp(first), formatTimestamp(last), key]),
  }
}

function pathFilter(globs: readonly string[]): (path: string, isDirectory: boolean) => boolean {
  if (globs.length === 0) return () => true
  const filterOf = (of: readonly string[]): GlobFilter | undefined =>
    of.length === 0 ? undefined : new GlobFilter(compileGlobs('query', 'path', of), [])
  // As everywhere else a slash at the beginning means the root of what is looked at: here of the filesystem.
  const absolute = filterOf(globs.filter((glob) => glob.startsWith('/')))
  const below = filterOf(globs.filter((glob) => !glob.startsWith('/')))
  const from = process.cwd()
  return (path, isDirectory) => {
    if (absolute?.passes(path.slice(1), isDirectory) === true) return true
    if (below === undefined) return false
    const inside = relative(from, path)
    return inside !== '' && !inside.startsWith('../') && below.passes(inside, isDirectory)
  }
}
