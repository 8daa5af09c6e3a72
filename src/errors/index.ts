export { FsflowError, type FsflowErrorCode, type FsflowErrorDetails } from './FsflowError.js'
export { invalidOption, rejectUnknownOptions } from './invalidOption.js'
