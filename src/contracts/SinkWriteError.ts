import { FsflowError, type FsflowErrorDetails } from '../errors/index.js'

/** A batch that could not be written, or not whole. */
export class SinkWriteError extends FsflowError {
  /** How many events of the batch did not reach the destination. */
  readonly lost: number

  constructor(details: FsflowErrorDetails & { readonly lost: number }) {
    super(details)
    this.lost = details.lost
  }
}
