import type { MonoTypeOperatorFunction } from 'rxjs'
import type { EventType, FileEvent } from '../events/index.js'
import type { DirectoryPruner } from './Source.js'

/** A function from stream to stream of events. Any RxJS operator of this type can stand in a pipeline. */
export type Operator = MonoTypeOperatorFunction<FileEvent>

/** What the plan knows of an operator. All but the name is optional: an RxJS operator has none of it. */
export interface OperatorInfo {
  readonly name: string
  /** Shown by `fsflow check`. */
  readonly options?: Readonly<Record<string, unknown>>
  /** True when it only works on events that have a path. */
  readonly needsPath?: boolean
  /** True when it asks who did it. */
  readonly needsProcess?: boolean
  /** True when events have a path after it. */
  readonly providesPath?: boolean
  /** Which directories it makes pointless to watch. */
  readonly prune?: DirectoryPruner
  /** True when it lets each event pass or not, by itself, so that pushdown may look past it. */
  readonly transparent?: boolean
  /** The types that it needs in order to emit those wanted after it; without it, all are needed. */
  readonly needsTypes?: (wanted: ReadonlySet<EventType>) => ReadonlySet<EventType>
  /**
   * All that it does, where it does it with each event by itself: what passes in the place of the event, or `undefined`.
   * A run then calls this, and not the operator.
   */
  readonly each?: (event: FileEvent) => FileEvent | undefined
  /** The same for what it does when an event has reached all that follows: nothing, mostly. */
  readonly after?: (event: FileEvent) => (() => void) | undefined
}

const infoKey = Symbol.for('fsflow.operator')

/** Attaches what the plan may know to an operator. Returns the operator. */
export function describeOperator(info: OperatorInfo, operator: Operator): Operator {
  Object.defineProperty(operator, infoKey, { value: info })
  return operator
}

/** The info of an operator; for one that was not described, its function name at the most. */
export function operatorInfo(operator: Operator): OperatorInfo {
  const info = (operator as unknown as Record<symbol, OperatorInfo | undefined>)[infoKey]
  return info ?? { name: operator.name === '' ? 'operator' : operator.name }
}
