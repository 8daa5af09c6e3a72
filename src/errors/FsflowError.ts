/** Stable error codes. A code never changes its meaning; new ones may be added. */
export type FsflowErrorCode =
  | 'FSFLOW_BINDING_UNAVAILABLE'
  | 'FSFLOW_DIFFERENCES'
  | 'FSFLOW_DISK_FULL'
  | 'FSFLOW_DRAIN_TIMEOUT'
  | 'FSFLOW_INVALID_EVENT'
  | 'FSFLOW_INVALID_OPTION'
  | 'FSFLOW_INVALID_PIPELINE'
  | 'FSFLOW_KERNEL'
  | 'FSFLOW_LOAD_FAILED'
  | 'FSFLOW_METRICS'
  | 'FSFLOW_MISSING_PACKAGE'
  | 'FSFLOW_OPERATOR_FAILED'
  | 'FSFLOW_PATH_NOT_FOUND'
  | 'FSFLOW_PERMISSION'
  | 'FSFLOW_QUERY'
  | 'FSFLOW_SINK_FULL'
  | 'FSFLOW_SINK_OPEN'
  | 'FSFLOW_SINK_WRITE'
  | 'FSFLOW_SOURCE_OPEN'
  | 'FSFLOW_SOURCE_READ'
  | 'FSFLOW_SPOOL'
  | 'FSFLOW_UNCAUGHT'
  | 'FSFLOW_UNSUPPORTED'
  | 'FSFLOW_USAGE'
  | 'FSFLOW_WATCH_LIMIT'

export interface FsflowErrorDetails {
  readonly code: FsflowErrorCode
  readonly message: string
  /** The file, directory or pipeline entry that the error is about. */
  readonly path?: string | undefined
  /** The next step that a user can take. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

const brand = Symbol.for('fsflow.error')

/**
 * The one error class of fsflow.
 *
 * Recognise it with `FsflowError.is(value)`, not `instanceof`: a global command and a local pipeline file
 * may be two copies of this package, so the brand is a registered symbol.
 */
export class FsflowError extends Error {
  readonly code: FsflowErrorCode
  readonly path: string | undefined
  readonly hint: string | undefined

  constructor(details: FsflowErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.path = details.path
    this.hint = details.hint
  }

  static is(value: unknown): value is FsflowError {
    return typeof value === 'object' && value !== null && brand in value
  }
}

Object.defineProperty(FsflowError.prototype, 'name', { value: 'FsflowError' })
Object.defineProperty(FsflowError.prototype, brand, { value: true })
