import type { Operator } from '../contracts/index.js'
import { invalidOption } from '../errors/index.js'
import {
  eventGroups,
  eventTypes,
  expandEventTypes,
  isControlType,
  type EventGroup,
  type EventType,
} from '../events/index.js'
import { eachEvent } from './support/eachEvent.js'

/**
 * Lets only the named event types pass.
 *
 * ```
 * source:                          --c--m--o--d--|    CREATE, MODIFY, OPEN, DELETE
 * filterKinds('CREATE', 'DELETE')
 * result:                          --c--------d--|
 * ```
 *
 * Takes types (`CREATE`) and groups (`changes`, `access`, `all`), at least one. Control events always pass. The
 * kernel is not asked for types that nothing after this operator can want. It holds nothing back: complete,
 * error and unsubscribe pass at once. Throws FSFLOW_INVALID_OPTION for a name that is neither type nor group.
 */
export function filterKinds(...kinds: (EventType | EventGroup)[]): Operator {
  const wanted = kindSet(kinds)
  return eachEvent({
    name: 'filterKinds',
    options: { kinds },
    transparent: true,
    needsTypes: (later) => new Set([...later].filter((type) => wanted.has(type) || isControlType(type))),
    each: (event) => (wanted.has(event.eventType) || event.isControl ? event : undefined),
  })
}

function kindSet(kinds: readonly unknown[]): ReadonlySet<EventType> {
  const hint = `Types: ${eventTypes.join(', ')}. Groups: ${Object.keys(eventGroups).join(', ')}.`
  if (kinds.length === 0) throw invalidOption('filterKinds', 'kinds', 'is empty: nothing could pass', hint)
  for (const [index, kind] of kinds.entries()) {
    if (typeof kind === 'string') continue
    const problem = Array.isArray(kind)
      ? 'is a list: write filterKinds(...list)'
      : `is not a string but ${typeof kind}`
    throw invalidOption('filterKinds', `kinds[${index}]`, problem, hint)
  }
  const set = expandEventTypes(kinds as readonly string[])
  if ('unknown' in set) {
    const index = kinds.indexOf(set.unknown)
    throw invalidOption(
      'filterKinds',
      `kinds[${index}]`,
      `is an unknown name: ${JSON.stringify(set.unknown)}`,
      hint,
    )
  }
  return set
}
