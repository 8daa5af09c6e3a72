import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fsflowTogether, temporaryFolder, type Told } from '../cli/fsflow.js'
import { filesBelow, read } from '../helpers/project.js'

const nats = { servers: 'nats://a', stream: 'A' }
const url = 'http://a'
const rotate = (option: object): object => ({ path: '/a', rotate: { size: 1000, ...option } })

/** For each sink, options of which the one that is named is wrong. */
const wrong: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  csv: {
    path: { path: 5 },
    mkdir: { path: 'a', mkdir: 'yes' },
    escapeFormulas: { escapeFormulas: 'yes' },
    columns: { columns: ['path'] },
  },
  exec: {
    command: { command: 'npm test' },
    per: { command: ['a'], per: 'second' },
    concurrency: { command: ['a'], per: 'event', concurrency: 0 },
    timeout: { command: ['a'], timeout: 0 },
    onBusy: { command: ['a'], onBusy: 'wait' },
    onStop: { command: ['a'], onStop: 'kill' },
    events: { command: ['a'], events: 'none' },
  },
  file: {
    path: {},
    mkdir: { path: 'a', mkdir: 1 },
    format: { path: 'a', format: 'xml' },
    rotate: { path: 'a', rotate: true },
    'rotate.size': rotate({ size: '10M' }),
    'rotate.interval': rotate({ interval: 'daily' }),
    'rotate.keep': rotate({ keep: -1 }),
    'rotate.compress': rotate({ compress: 'gzip' }),
  },
  history: { directory: { directory: '' } },
  json: {
    path: { path: '' },
    mkdir: { path: 'a', mkdir: null },
    format: { format: 'xml' },
  },
  nats: {
    servers: { ...nats, servers: [] },
    stream: { ...nats, stream: 'a.b' },
    subject: { ...nats, subject: 'a.>' },
    host: { ...nats, host: '' },
    create: { ...nats, create: 1 },
    inFlight: { ...nats, inFlight: 0 },
    format: { ...nats, format: 'csv' },
    whenUnreachable: { ...nats, whenUnreachable: 'try' },
    user: { ...nats, user: 5, pass: 'a' },
    pass: { ...nats, user: 'a' },
    token: { ...nats, token: '' },
    credentials: { ...nats, credentials: 5 },
    tls: { ...nats, tls: 'yes' },
    timeout: { ...nats, timeout: 'long' },
    'create.storage': { ...nats, create: { storage: 's3' } },
    'create.replicas': { ...nats, create: { replicas: 9 } },
    'create.maxAge': { ...nats, create: { maxAge: 7 } },
    'create.maxBytes': { ...nats, create: { maxBytes: 'all' } },
    'create.duplicateWindow': { ...nats, create: { duplicateWindow: 'long' } },
  },
  ndjson: {
    path: { path: 'a\0b' },
    mkdir: { path: 'a', mkdir: 'yes' },
    format: { format: 'csv' },
  },
  sqlite: {
    path: {},
    mkdir: { path: 'a', mkdir: 'yes' },
    'retain.age': { path: 'a', retain: { age: '3' } },
    'retain.rows': { path: 'a', retain: { rows: 0 } },
    lockTimeout: { path: 'a', lockTimeout: -1 },
  },
  text: {
    path: { path: {} },
    mkdir: { path: 'a', mkdir: 0 },
    color: { color: 'red' },
    long: { long: 'yes' },
  },
  webhook: {
    url: { url: 'ftp://a' },
    batch: { url, batch: 0 },
    secret: { url, secret: '' },
    format: { url, format: 'xml' },
    headers: { url, headers: { 'a b': 'x' } },
    timeout: { url, timeout: 0 },
  },
}

const cases = Object.entries(wrong).flatMap(([sink, options]) =>
  [...Object.entries(options), ['nonsense', { nonsense: 1 }] as const].map(([option, given]) => ({
    sink,
    option,
    given,
    file: `${sink}-${option}.mjs`,
  })),
)

/** The names in the table of options of a page. */
function documented(page: string): string[] {
  const [, section] = /^## Options\n(.*?)^## /ms.exec(read(page))!
  const cells = [...section!.matchAll(/^\| (`[^|]+)\|/gm)].map((match) => match[1]!)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!))
}

const place = temporaryFolder()
let told: ReadonlyMap<string, Told>
beforeAll(async () => {
  const url = (path: string): string => new URL(`../../src/${path}/index.js`, import.meta.url).href
  for (const { sink, given, file } of cases) {
    writeFileSync(
      join(place.path, file),
      `import { definePipeline } from '${url('pipeline')}'
       import { ${sink} } from '${url('sinks')}'
       import { replay } from '${url('sources')}'
       export default definePipeline({ source: replay({ path: 'a' }), sinks: [${sink}(${JSON.stringify(given)})] })`,
    )
  }
  told = await fsflowTogether(
    cases.map(({ file }) => ['check', file]),
    place.path,
  )
})
afterAll(() => place.remove())

describe('a wrong option of a sink is an error of fsflow check', () => {
  it.each(cases)('$sink: $option', ({ sink, option, file }) => {
    const { code, stderr } = told.get(`check ${file}`)!
    expect(code).toBe(2)
    // A name inside an object stands behind that of the object.
    expect(stderr).toMatch(new RegExp(`\\b${sink}: ${option.replace('.', '(?:\\.|: )')}\\b`))
    expect(stderr).toContain('FSFLOW_INVALID_OPTION')
  })

  it.each(filesBelow('docs/sinks', '.md'))('all options of %s are among them', (page) => {
    const [, sink] = /(\w+)\.md$/.exec(page)!
    expect(Object.keys(wrong[sink!]!).sort()).toEqual(documented(page).sort())
  })
})
