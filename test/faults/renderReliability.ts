import type { FaultCase, FaultResult, Scale } from './FaultCase.js'

export interface FaultRun {
  readonly fault: FaultCase
  /** A text says why there is none. */
  readonly result: FaultResult | string
}

const whole = new Intl.NumberFormat('en-US')

/** The page docs/reliability.md. */
export function renderReliability(
  runs: readonly FaultRun[],
  scale: Scale,
  machine: string,
  date: string,
): string {
  const rows = runs.map(({ fault, result }) => {
    const first = `${fault.name}: ${fault.fault(scale)}`
    if (typeof result === 'string') return `| ${first} | ${result} | | | | | | | |`
    const { sent, acknowledged, arrived, again, missing, counted, corrupt, inOrder, addsUp } = result
    const numbers = [sent, acknowledged, arrived, again, missing, counted, corrupt].map((value) =>
      whole.format(value),
    )
    return `| ${[first, ...numbers, inOrder ? 'yes' : 'no', addsUp ? 'yes' : 'no'].join(' | ')} |`
  })
  return `# Reliability

What becomes of events when a destination is away, slow or broken, or when fsflow is killed. This page is generated: \`npm run faults\` runs it all, with real components, and writes it; a smaller measure of the same is in \`npm test\`.

Measured on ${machine} (${date}). Each sink has a [spool](delivery.md#the-spool), but for the last two lines.

| fault | sent | acknowledged | arrived | again | missing | lost and counted | corrupt | in order | adds up |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |
${rows.join('\n')}

- **sent**: events that the source has emitted, over all runs.
- **acknowledged**: of those, the ones that a run had said to be written or on disk, when it was asked last before it was killed, or at its end. What was in memory only when a process is killed is not among them.
- **arrived**: different events in the destination in the end; **again**: those that came more than once, which at-least-once allows.
- **missing**: acknowledged ones that are not there. **lost and counted**: where that was declared.
- **corrupt**: lines or rows that are not whole. **in order**: whether events came first in the order in which they were sent.
- **fleet**: what an agent had not acknowledged when it was killed is done again, so that each file was in the end. Arrived are the files that the consumers have written; the order is that of each host in the stream. See [a fleet of hosts](fleet.md#what-is-kept-when-something-fails).
- **adds up**: whether \`received + resumed = delivered + dropped + spooled + queued\` whenever it was asked, every few milliseconds.
`
}
