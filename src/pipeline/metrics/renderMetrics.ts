import type { SinkStats, RunStats } from '../RunStats.js'
import type { Text } from './serveText.js'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

interface Metric {
  readonly name: string
  readonly help: string
  readonly kind: 'Counter' | 'Gauge'
  readonly samples: (stats: RunStats) => readonly Sample[]
}

const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [[{}, value]])

const ofSinks = (value: (sink: SinkStats) => number | undefined) => (stats: RunStats) =>
  stats.sinks.flatMap((sink, index): Sample[] => {
    const found = value(sink)
    return found === undefined ? [] : [[{ sink: sink.name, index: String(index) }, found]]
  })

const ofStages = (value: 'in' | 'out') => (stats: RunStats) =>
  stats.stages.map((stage, index): Sample => [{ operator: stage.name, index: String(index) }, stage[value]])

const circuitStates = { closed: 0, 'half-open': 1, open: 2 } as const

/** What there is to know of a run. Counters start at 0 with the run. */
export const metricList: readonly Metric[] = [
  {
    name: 'fsflow_ready',
    help: '1 once everything is watched',
    kind: 'Gauge',
    samples: ({ ready }) => one(ready ? 1 : 0),
  },
  {
    name: 'fsflow_source_events_total',
    help: 'Events of the source, by type',
    kind: 'Counter',
    samples: ({ kinds }) => Object.entries(kinds).map(([type, value]): Sample => [{ type }, value]),
  },
  {
    name: 'fsflow_overflows_total',
    help: 'Times at which the kernel or a backlog has lost events',
    kind: 'Counter',
    samples: ({ kinds }) => one(kinds.OVERFLOW ?? 0),
  },
  {
    name: 'fsflow_repairs_total',
    help: 'Times at which the tree was compared with what had been told, and the differences told',
    kind: 'Counter',
    samples: ({ kinds }) => one(kinds.RECOVERED ?? 0),
  },
  {
    name: 'fsflow_watches',
    help: 'Directories under watch',
    kind: 'Gauge',
    samples: ({ watches }) => one(watches),
  },
  {
    name: 'fsflow_filtered_events_total',
    help: 'Events that operators left out or merged into others',
    kind: 'Counter',
    samples: ({ filtered }) => one(filtered),
  },
  {
    name: 'fsflow_operator_in_events_total',
    help: 'Events that an operator took',
    kind: 'Counter',
    samples: ofStages('in'),
  },
  {
    name: 'fsflow_operator_out_events_total',
    help: 'Events that an operator let through or made',
    kind: 'Counter',
    samples: ofStages('out'),
  },
  {
    name: 'fsflow_sink_received_events_total',
    help: 'Events that came to a sink',
    kind: 'Counter',
    samples: ofSinks(({ received }) => received),
  },
  {
    name: 'fsflow_sink_resumed_events_total',
    help: 'Events that earlier runs had left on disk for a sink',
    kind: 'Counter',
    samples: ofSinks(({ resumed }) => resumed),
  },
  {
    name: 'fsflow_sink_written_events_total',
    help: 'Events that a sink has written',
    kind: 'Counter',
    samples: ofSinks(({ delivered }) => delivered),
  },
  {
    name: 'fsflow_sink_lost_events_total',
    help: 'Events that are lost to a sink',
    kind: 'Counter',
    samples: ofSinks(({ dropped }) => dropped),
  },
  {
    name: 'fsflow_sink_queued_events',
    help: 'Events in memory that wait for a sink or are being written',
    kind: 'Gauge',
    samples: ofSinks(({ queued }) => queued),
  },
  {
    name: 'fsflow_sink_spooled_events',
    help: 'Events on disk that wait for a sink',
    kind: 'Gauge',
    samples: ofSinks(({ spooled }) => spooled),
  },
  {
    name: 'fsflow_sink_retries_total',
    help: 'Attempts to write that followed one that had failed',
    kind: 'Counter',
    samples: ofSinks(({ retries }) => retries),
  },
  {
    name: 'fsflow_sink_circuit',
    help: '0: the sink takes events; 2: it has failed again and again; 1: it is being tried',
    kind: 'Gauge',
    samples: ofSinks(({ circuit }) => circuitStates[circuit]),
  },
  {
    name: 'fsflow_sink_up',
    help: '0 once a sink takes no more events',
    kind: 'Gauge',
    samples: ofSinks(({ state }) => (state === 'open' ? 1 : 0)),
  },
  {
    name: 'fsflow_sink_lag_seconds',
    help: 'From the time of the oldest event of the batch written last until it was written',
    kind: 'Gauge',
    samples: ofSinks(({ lagMs }) => (lagMs === undefined ? undefined : lagMs / 1000)),
  },
]

/** The numbers in the text format of Prometheus. */
export async function renderMetrics(stats: RunStats): Promise<Text> {
  // Only those who ask pay for loading it.
  const client = await import('prom-client')
  const registry = new client.Registry()
  for (const { name, help, kind, samples } of metricList) {
    const list = samples(stats)
    const labelNames = Object.keys(list[0]?.[0] ?? {})
    const metric = new client[kind]({ name, help, labelNames, registers: [registry] })
    for (const [labels, value] of list) metric.inc(labels, value)
  }
  return { type: registry.contentType, text: await registry.metrics() }
}
