import { fromWire, toWire, type FileEvent, type WireEvent } from '../../events/index.js'

/** Events of one run, as they are kept on disk. */
export interface SpooledRow {
  readonly id: number
  readonly run: string
  readonly count: number
  /** JSON. */
  readonly events: string
}

/** Events in a row: each row costs about as much as the first of its events. */
export const eventsPerRow = 256

/** An event in its wire form, and what of it sinks may want that is not on the wire. */
type Spooled = readonly [wire: WireEvent, pid: number | null, root: string]

/** The rows for events, with ids from `firstId` on. */
export function toRows(events: readonly FileEvent[], run: string, firstId: number): SpooledRow[] {
  const rows: SpooledRow[] = []
  for (let at = 0; at < events.length; at += eventsPerRow) {
    const part = events.slice(at, at + eventsPerRow)
    const spooled = part.map((event): Spooled => [toWire(event), event.pid ?? null, event.root])
    rows.push({ id: firstId + rows.length, run, count: part.length, events: JSON.stringify(spooled) })
  }
  return rows
}

export function fromRow(row: SpooledRow): FileEvent[] {
  return (JSON.parse(row.events) as readonly Spooled[]).map(([wire, pid, root]) =>
    fromWire(wire).with({ pid: pid ?? undefined, root }),
  )
}
