export { describeOperator, operatorInfo, type Operator, type OperatorInfo } from './Operator.js'
export type { Issue, RunContext } from './RunContext.js'
export type { Sink, SinkWriter } from './Sink.js'
export { SinkWriteError, type SinkWriteErrorDetails } from './SinkWriteError.js'
export type {
  CheckReport,
  DirectoryPruner,
  LookCycles,
  OwnAct,
  OwnFile,
  Source,
  SourceRequest,
  SourceStats,
} from './Source.js'
