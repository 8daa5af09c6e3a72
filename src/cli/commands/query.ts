import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs'
import { parseDuration } from '../../formats/parseDuration.js'
import { nowMicros } from '../../linux/clock.js'
import type { Connection } from '../../sinks/database/loadLibsql.js'
import { openReadOnly } from '../query/openReadOnly.js'
import { renderRows, rowForms } from '../query/renderRows.js'
import type { Rows } from '../query/Rows.js'
import { runSql } from '../query/runSql.js'
import { subjects, topEvents } from '../query/topEvents.js'
import { write } from '../terminal/print.js'
import { behindDashes, oneOf, single, usageError, wholeNumber } from '../usageError.js'

const DEFAULT_LIMIT = 20

type Declared = ReturnType<typeof options> extends Argv<infer T> ? T : never
type Parsed = ArgumentsCamelCase<Declared>

function options(parser: Argv<{ verbose: boolean }>) {
  return parser
    .positional('db', { type: 'string', describe: 'A database that the sink sqlite has written' })
    .positional('sql', { type: 'string', describe: 'A SELECT on the table events' })
    .option('top', {
      type: 'string',
      requiresArg: true,
      describe: `What most events are about: ${subjects.join(', ')}`,
    })
    .option('since', {
      type: 'string',
      requiresArg: true,
      describe: 'With --top: events of the last 1h, 30m, 7d, 45s [default: all]',
    })
    .option('path', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'With --top: only paths that match this glob; repeatable',
    })
    .option('limit', {
      type: 'string',
      requiresArg: true,
      describe: `With --top: how many lines [default: ${DEFAULT_LIMIT}]`,
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: `How to print: ${rowForms.join(', ')} [default: table]`,
    })
    .example('$0 query events.db --top paths --since 1h', 'The paths with most events in the last hour')
    .example("$0 query events.db 'SELECT kind, count(*) FROM events GROUP BY kind'", 'Any question in SQL')
}

export const queryCommand: CommandModule<{ verbose: boolean }, Declared> = {
  command: 'query [db] [sql]',
  describe: 'Ask a database of events',
  builder: options,
  handler: query,
}

async function query(args: Parsed): Promise<void> {
  const form = oneOf('output', single('output', args.output) ?? 'table', rowForms)
  const [file = '', sql, ...others] = [args.db, args.sql, ...behindDashes(args)].filter(
    (text) => text !== undefined,
  )
  if (file === '') throw usageError('a database is missing', 'Write fsflow query events.db --top paths.')
  if (others.length > 0) throw usageError('there is more than one query', 'Put it in quotes.')
  const ask = questionOf(args, sql)
  const db = await openReadOnly(file)
  try {
    for (const text of renderRows(ask(db), form)) await write(text)
  } finally {
    db.close()
  }
}

function questionOf(args: Parsed, sql: string | undefined): (db: Connection) => Rows {
  const top = single('top', args.top)
  const since = single('since', args.since)
  const limit = wholeNumber('limit', args.limit, 1, 2 ** 31 - 1)
  if (top === undefined) {
    const ofTop = { since, limit, path: args.path }
    const given = Object.entries(ofTop).find(([, value]) => value !== undefined)
    if (given !== undefined)
      throw usageError(`--${given[0]} needs --top`, 'In SQL, write a WHERE or a LIMIT.')
    if (sql === undefined || sql.trim() === '') {
      throw usageError('a query is missing', `Write a SELECT, or --top and one of ${subjects.join(', ')}.`)
    }
    return (db) => runSql(db, sql)
  }
  if (sql !== undefined)
    throw usageError('--top does not go with a query in SQL', 'Leave out one of the two.')
  const settings = {
    subject: oneOf('top', top, subjects),
    since: since === undefined ? undefined : nowMicros() - microseconds(since),
    globs: args.path ?? [],
    limit: limit ?? DEFAULT_LIMIT,
  }
  return (db) => topEvents(db, settings)
}

function microseconds(text: string): number {
  const milliseconds = parseDuration(text)
  if (Number.isNaN(milliseconds)) {
    throw usageError(`--since: "${text}" is not a time`, 'Write it as 45s, 30m, 1h or 7d.')
  }
  return milliseconds * 1000
}
