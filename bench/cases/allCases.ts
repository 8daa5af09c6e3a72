import type { BenchCase } from './BenchCase.js'
import { busy } from './busy.js'
import { growth } from './growth.js'
import { idle } from './idle.js'
import { latency } from './latency.js'
import { memory } from './memory.js'
import { noise } from './noise.js'
import { operatorSpeed } from './operators.js'
import { realWork } from './realWork.js'
import { renames } from './renames.js'
import { start } from './start.js'
import { throughput } from './throughput.js'

/** In the order in which they run and are told. */
export const allCases: readonly BenchCase[] = [
  throughput,
  noise,
  start,
  growth,
  latency,
  memory,
  idle,
  busy,
  renames,
  operatorSpeed,
  realWork,
]

/** Those of which ratios matter most, and that do not take long. */
export const quickCases: readonly BenchCase[] = [throughput, noise, start, latency, busy]
