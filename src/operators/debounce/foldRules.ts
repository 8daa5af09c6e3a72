import type { EventType, FileEvent } from '../../events/index.js'
import type { Effect } from '../support/effectOf.js'

/**
 * What the events of one path in one burst amount to:
 * `idle` nothing (left) to tell; `touched` was there and is; `born` appeared; `gone` disappeared;
 * `renamed` came from another path.
 */
export type Outcome = 'idle' | 'touched' | 'born' | 'gone' | 'renamed'

/** The outcome after one more event. */
export const outcomes: Readonly<Record<Outcome, Readonly<Record<Effect, Outcome>>>> = {
  idle: { birth: 'born', death: 'gone', change: 'touched', access: 'touched' },
  touched: { birth: 'born', death: 'gone', change: 'touched', access: 'touched' },
  born: { birth: 'born', death: 'gone', change: 'born', access: 'born' },
  gone: { birth: 'born', death: 'gone', change: 'gone', access: 'gone' },
  renamed: { birth: 'born', death: 'gone', change: 'renamed', access: 'renamed' },
}

// Of the events of a path that was there before and after, the weightiest names the burst: an ATTRIB or an OPEN
// must not hide that the content changed.
const weights: Readonly<Partial<Record<EventType, number>>> = {
  MODIFY: 3,
  CLOSE_WRITE: 3,
  ATTRIB: 2,
  MOVE_SELF: 2,
}

/** True when `event` takes over from `lead` as the one that names the burst. */
export function leads(event: FileEvent, lead: FileEvent): boolean {
  return (weights[event.eventType] ?? 1) >= (weights[lead.eventType] ?? 1)
}

/** The event of a burst: the last one's fields, with the type and the doer of the one that names it. */
export function composed(lead: FileEvent, last: FileEvent): FileEvent {
  if (lead === last) return lead
  return last.with({
    eventType: lead.eventType,
    oldPath: lead.oldPath,
    oldPathBytes: lead.oldPathBytes,
    cookie: lead.cookie,
    merged: lead.merged || last.merged,
    pid: lead.pid,
    processDetails: lead.processDetails,
    processUnknown: lead.processUnknown,
    // What knows the file itself must know the one that is there now.
    origin: last.origin?.openFile === undefined ? lead.origin : last.origin,
  })
}
