import type { Delivery } from './deliveryOf.js'
import type { Spool } from './Spool.js'

/**
 * `open`: it takes events; `failed`, `gone`, `late`: it takes none; `spooled`: it has ended, and what it did not take
 * waits on disk; `closed`: all was written.
 */
export type LaneState = 'open' | 'failed' | 'gone' | 'late' | 'spooled' | 'closed'

export interface LaneSettings extends Pick<Delivery, 'whenFull' | 'queue' | 'retry'> {
  /** The id of this run. */
  readonly run: string
  readonly spool?: Spool | undefined
  /** Whether the run is to end when the spool takes no more. Default false. */
  readonly spoolFails?: boolean
}
