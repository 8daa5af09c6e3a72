import { FsflowError, type FsflowErrorDetails } from '../errors/index.js'

export interface SinkWriteErrorDetails extends FsflowErrorDetails {
  readonly lost: number
  /** Default false. */
  readonly final?: boolean
  /** Default 0. */
  readonly retryAfter?: number
}

/** A batch that could not be written, or not whole. */
export class SinkWriteError extends FsflowError {
  /** How many events of the batch, its last ones, did not reach the destination. */
  readonly lost: number
  /** True when another attempt would end the same. */
  readonly final: boolean
  /** Milliseconds that the destination asks to wait before the next attempt. */
  readonly retryAfter: number

  constructor(details: SinkWriteErrorDetails) {
    super(details)
    this.lost = details.lost
    this.final = details.final ?? false
    this.retryAfter = details.retryAfter ?? 0
  }
}
