import { map, from, of, type Observable } from 'rxjs'
import { Bench } from 'tinybench'
import type { Operator } from '../../src/contracts/index.js'
import type { FileEvent, FileMetadata, ProcessDetails } from '../../src/events/index.js'
import * as operators from '../../src/operators/index.js'
import { fileEvent } from '../../src/testing/index.js'
import type { BenchCase } from './BenchCase.js'

const EVENTS = 10_000

/** Bursts of changes of some files in some directories, as a build makes them. */
function sampleEvents(changes: Partial<FileEvent> = {}): FileEvent[] {
  const kinds = ['CREATE', 'MODIFY', 'CLOSE_WRITE', 'DELETE'] as const
  return Array.from({ length: EVENTS }, (_empty, i) => {
    const name = Math.floor(i / kinds.length) % 500
    return fileEvent(`${kinds[i % kinds.length]!} /srv/src/d${name % 20}/file-${name}.ts`, {
      seq: i,
      pid: 7,
      ...changes,
    })
  })
}

const metadata = { size: 1, fileType: 'file' } as FileMetadata
const processes: operators.ProcessLookup = {
  byPid: () => of({ unknown: 'a lookup that costs nothing' }),
  byOpenFile: () => of({ unknown: 'a lookup that costs nothing' }),
}

/** Lookups answer at once: what is measured is the operator, and not the disk. */
const subjects: Readonly<Record<string, () => Operator>> = {
  'nothing (map)': () => map((event) => event),
  resolvePath: () => operators.resolvePath(),
  addWatchOnMkdir: () => operators.addWatchOnMkdir(),
  joinRenames: () => operators.joinRenames(),
  filterKinds: () => operators.filterKinds('changes'),
  filterGlob: () => operators.filterGlob({ include: ['**/*.ts'], exclude: ['node_modules', '**/*.tmp'] }),
  debounceByPath: () => operators.debounceByPath(100),
  settle: () => operators.settle(100),
  distinctContent: () => operators.distinctContent({ lookup: () => of('digest') }),
  enrichMetadata: () => operators.enrichMetadata({ lookup: () => of(metadata) }),
  describeOperation: () => operators.describeOperation({ lookup: () => of(1) }),
  captureContent: () =>
    operators.captureContent({ lookup: () => of({ missing: 'a lookup that costs nothing' }) }),
  enrichProcess: () => operators.enrichProcess({ lookup: processes }),
  byProcess: () => operators.byProcess({ name: ['make'] }),
  byAncestor: () => operators.byAncestor({ name: ['make'] }),
}

function consume(stream: Observable<FileEvent>): void {
  let failure: unknown
  stream.subscribe({ error: (error: unknown) => (failure = error) })
  if (failure !== undefined) throw failure as Error
}

export const operatorSpeed: BenchCase = {
  name: 'operators',
  title: 'Operators',
  async run({ isQuick }) {
    const plain = sampleEvents()
    const attributed = sampleEvents({
      processDetails: { pid: 7, name: 'make', ancestors: [] } as unknown as ProcessDetails,
    })
    const bench = new Bench({ time: isQuick ? 200 : 1000, warmupTime: 200 })
    for (const [name, operator] of Object.entries(subjects)) {
      // These fail on events of which nobody has asked who did it.
      const events = name.startsWith('by') ? attributed : plain
      bench.add(name, () => consume(from(events).pipe(operator())))
    }
    await bench.run()
    const leftOut: string[] = []
    const rows = bench.tasks.flatMap(({ name, result }) => {
      if (result.state !== 'completed') {
        leftOut.push(`${name}: ${result.state === 'errored' ? result.error.message : result.state}`)
        return []
      }
      const nanos = (result.latency.p50 * 1e6) / EVENTS
      return [{ name, values: { nanos, perSecond: 1e9 / nanos } }]
    })
    return {
      work:
        `${EVENTS} events through each operator alone, by rxjs, with lookups that answer at once; ` +
        'what holds events back gives them at the end.',
      columns: [
        { key: 'nanos', title: 'ns/event' },
        { key: 'perSecond', title: 'events/s' },
      ],
      rows,
      leftOut,
    }
  },
}
