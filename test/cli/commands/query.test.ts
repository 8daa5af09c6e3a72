import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sqlite } from '../../../src/sinks/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { sinkContext } from '../../helpers/sinkContext.js'
import { fsflowTogether, temporaryFolder, type Told } from '../fsflow.js'

const place = temporaryFolder()
const at = (...names: readonly string[]): string => join(place.path, ...names)
afterAll(place.remove)

const query = (...more: readonly string[]): readonly string[] => ['query', 'events.db', ...more]

const answers: readonly (readonly [readonly string[], string])[] = [
  [query('--top', 'paths', '-o', 'csv'), `3,F,L,P/src/a.ts|2,F,L,P/src/lib/b.ts|1,F,L,P/old|1,F,L,P/other`],
  [query('--top', 'directories', '-o', 'csv'), `3,F,L,P/src|2,F,L,P|2,F,L,P/src/lib`],
  [query('--top', 'processes', '-o', 'csv'), `4,F,L,unknown|3,F,L,vim`],
  [query('--top', 'paths', '--limit', '1', '-o', 'csv'), `3,F,L,P/src/a.ts`],
  [
    query('--top', 'paths', '--path', 'src/**', '--path', '/etc/**', '-o', 'csv'),
    `3,F,L,P/src/a.ts|2,F,L,P/src/lib/b.ts`,
  ],
  [query('--top', 'paths', '--path', 'b.ts', '-o', 'csv'), `2,F,L,P/src/lib/b.ts`],
  [query('--top', 'paths', '--since', '1h', '--path', 'o*', '-o', 'csv'), `1,F,L,P/other`],
  [query('SELECT kind, count(*) AS n FROM events WHERE pid = 8 GROUP BY kind', '-o', 'csv'), `MODIFY,3`],
]

const refusals: readonly (readonly [readonly string[], string])[] = [
  [['query'], 'a database is missing'],
  [query(), 'a query is missing'],
  [query('--top', 'files'), '--top: there is no "files"'],
  [query('SELECT 1', '--top', 'paths'), '--top does not go with a query in SQL'],
  [query('SELECT 1', '--since', '1h'), '--since needs --top'],
  [query('SELECT 1', '-o', 'json'), '--output: there is no "json"'],
  [query('--top', 'paths', '--since', 'yesterday'), '--since: "yesterday" is not a time'],
  [query('SELECT colour FROM events'), 'no such column: colour (FSFLOW_QUERY)'],
  [query('DELETE FROM events'), 'would change the database, which is open for reading (FSFLOW_QUERY)'],
  [['query', 'missing.db', 'SELECT 1'], 'there is no '],
  [
    ['query', 'text', 'SELECT 1'],
    'cannot be read as an SQLite database: file is not a database (FSFLOW_QUERY)',
  ],
]

describe('fsflow query', () => {
  let told: ReadonlyMap<string, Told>
  beforeAll(async () => {
    writeFileSync(at('text'), 'text'.repeat(1000))
    const writer = await sqlite({ path: at('events.db') }).open(sinkContext())
    const timestampMicros = Date.now() * 1000
    const processDetails = { pid: 8, name: 'vim' } as never
    await writer.write([
      fileEvent('MONITOR_START', { timestampMicros }),
      ...[1, 2, 3].map(() => fileEvent(`MODIFY ${at('src/a.ts')}`, { timestampMicros, processDetails })),
      ...[1, 2].map(() => fileEvent(`MODIFY ${at('src/lib/b.ts')}`, { timestampMicros })),
      fileEvent(`CREATE ${at('other')}`, { timestampMicros }),
      fileEvent(`CREATE ${at('old')}`, { timestampMicros: timestampMicros - 7200e6 }),
    ])
    await writer.close()
    told = await fsflowTogether(
      [...answers, ...refusals, [query('SELECT path FROM events LIMIT 2')]].map(([argv]) => argv as string[]),
      place.path,
    )
  })

  it.each(answers)('%j', (argv, expected) => {
    const { code, stdout, stderr } = told.get(argv.join(' '))!
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const lines = stdout
      .replaceAll(place.path, 'P')
      .replace(/\d{4}-\S+?Z,\d{4}-\S+?Z/g, 'F,L')
      .trimEnd()
      .split('\r\n')
    expect(lines.slice(1).join('|')).toBe(expected)
  })

  it('prints a table unless told otherwise', () => {
    const { stdout } = told.get(query('SELECT path FROM events LIMIT 2').join(' '))!
    expect(stdout.split('\n').slice(0, 2)).toEqual(['path', expect.stringMatching(/^-+$/)])
  })

  it.each(refusals)('refuses %j', (argv, message) => {
    const { code, stderr } = told.get(argv.join(' '))!
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })
})
