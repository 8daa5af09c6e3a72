export * from './contracts/index.js'
export * from './errors/index.js'
export * from './events/index.js'
export {
  checkPlan,
  definePipeline,
  describePlan,
  isPipeline,
  loadPipeline,
  planPipeline,
  run,
  watch,
  WatchStream,
  withSource,
  type LaneState,
  type Pipeline,
  type PipelineDefinition,
  type Plan,
  type PlanCheck,
  type PlanStage,
  type RunHandle,
  type RunOptions,
  type RunStats,
  type RunSummary,
  type SinkStats,
  type StageStats,
  type WatchOperatorOptions,
  type WatchOptions,
} from './pipeline/index.js'
