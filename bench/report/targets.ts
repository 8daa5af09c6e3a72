import { latencyRow } from '../cases/latency.js'
import { memoryRows } from '../cases/memory.js'
import { noiseRows } from '../cases/noise.js'
import { renamesRow } from '../cases/renames.js'
import { fanotifyMark, startRow } from '../cases/start.js'
import { throughputRows } from '../cases/throughput.js'
import { formatNumber } from './tables.js'
import { valueOf, type Results } from './results.js'

interface Target {
  readonly name: string
  readonly limit: number
  readonly unit: '' | 'ms' | 'MiB' | 'bytes' | 'events'
  /** A limit from below. */
  readonly atLeast?: boolean
  readonly value: (results: Results) => number | undefined
}

export interface Verdict {
  readonly name: string
  readonly target: string
  readonly measured: string
  readonly verdict: 'reached' | 'not reached' | 'not measured'
}

const library = throughputRows.library
const TREE = 50_000
const MEGABYTES_150 = 150e6 / 2 ** 20

function ratio(results: Results, caseName: string, key: string, of: string, to: string): number | undefined {
  const [value, base] = [valueOf(results, caseName, of, key), valueOf(results, caseName, to, key)]
  return value === undefined || base === undefined ? undefined : value / base
}

const cpuRatio = (of: string, to: string) => (results: Results) => ratio(results, 'throughput', 'cpu', of, to)
const latencyValue = (key: string) => (results: Results) =>
  valueOf(results, 'latency', latencyRow(library, 50), key)

/** How much more an event costs at its most than at its least, over trees of all sizes. */
function growthOf({ cases }: Results): number | undefined {
  const rows = cases.find(({ name }) => name === 'growth')?.rows ?? []
  const costs = rows.filter(({ name }) => name.startsWith(library)).map(({ values }) => values.perEvent!)
  return costs.length < 2 ? undefined : Math.max(...costs) / Math.min(...costs)
}

const targets: readonly Target[] = [
  {
    name: 'library subscriber, all kinds, against `inotifywait > /dev/null`: CPU',
    limit: 0.6,
    unit: '',
    value: cpuRatio(library, throughputRows.toNothing),
  },
  {
    name: 'the same against node-inotify by hand',
    limit: 0.5,
    unit: '',
    value: cpuRatio(library, throughputRows.byHand),
  },
  {
    name: '`fsflow watch --raw --events all -o ndjson > file` against `inotifywait > file`: CPU',
    limit: 0.8,
    unit: '',
    value: cpuRatio(throughputRows.raw, throughputRows.toFile),
  },
  {
    name: '`fsflow watch` with the defaults against the same',
    limit: 0.5,
    unit: '',
    value: cpuRatio(throughputRows.defaults, throughputRows.toFile),
  },
  {
    name: 'an excluded subtree, pushed down, against the same events unfiltered: CPU',
    limit: 0.02,
    unit: '',
    value: (results) => ratio(results, 'noise', 'cpu', noiseRows.pushdown, noiseRows.unfiltered),
  },
  {
    name: 'ready on 50,000 directories, with the start of Node.js, against `inotifywait -r`',
    limit: 0.75,
    unit: '',
    value: (results) =>
      ratio(results, 'start', 'ready', startRow(library, TREE), startRow(throughputRows.toNothing, TREE)),
  },
  {
    name: 'ready by a filesystem mark of fanotify, 50,000 directories, without the start of Node.js',
    limit: 50,
    unit: 'ms',
    value: (results) => valueOf(results, 'start', startRow(fanotifyMark, TREE), 'own'),
  },
  {
    name: 'the same on 200,000 directories, with the loading of modules',
    limit: 100,
    unit: 'ms',
    value: (results) => valueOf(results, 'start', startRow(fanotifyMark, 200_000), 'node'),
  },
  { name: 'latency at 50 events a second, p50', limit: 0.5, unit: 'ms', value: latencyValue('p50') },
  { name: 'latency at 50 events a second, p99', limit: 5, unit: 'ms', value: latencyValue('p99') },
  {
    name: 'the p50 of @parcel/watcher against it',
    limit: 20,
    atLeast: true,
    unit: '',
    value: (results) =>
      ratio(results, 'latency', 'p50', latencyRow('@parcel/watcher', 50), latencyRow(library, 50)),
  },
  {
    name: 'rename of a directory with 100,000 descendants, against that of an empty one: CPU',
    limit: 10,
    unit: '',
    value: (results) => valueOf(results, 'renames', renamesRow.full, 'ratio'),
  },
  {
    name: 'heap for a watched directory, of 100,000',
    limit: 250,
    unit: 'bytes',
    value: (results) => valueOf(results, 'memory', memoryRows.directory, 'bytes'),
  },
  {
    name: 'events lost with the main thread blocked for 5 s',
    limit: 0,
    unit: 'events',
    value: (results) => valueOf(results, 'busy', library, 'lost'),
  },
  {
    name: 'peak memory with the main thread blocked for 5 s',
    limit: MEGABYTES_150,
    unit: 'MiB',
    value: (results) => valueOf(results, 'busy', library, 'peak'),
  },
  {
    name: 'cost of an event, largest against smallest, over the trees',
    limit: 1.3,
    unit: '',
    value: growthOf,
  },
]

/** What became of each target. */
export function verdicts(results: Results): Verdict[] {
  return targets.map(({ name, limit, unit, atLeast = false, value }) => {
    const found = value(results)
    const reached = found !== undefined && (atLeast ? found >= limit : found <= limit)
    const digits = (number: number) => (unit === '' || number < 10 ? (number < 0.1 ? 3 : 2) : 0)
    const text = (number: number) => `${formatNumber(number, digits(number))}${unit === '' ? '' : ` ${unit}`}`
    return {
      name,
      target: `${atLeast ? '>=' : '<='} ${text(limit)}`,
      measured: found === undefined ? '-' : text(found),
      verdict: found === undefined ? 'not measured' : reached ? 'reached' : 'not reached',
    }
  })
}
