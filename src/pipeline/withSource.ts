import type { Source } from '../contracts/index.js'
import { brandPipeline, type Pipeline } from './Pipeline.js'

/** The same pipeline on another source. */
export function withSource(pipeline: Pipeline, source: Source): Pipeline {
  return brandPipeline({ ...pipeline, source })
}
