import { fullDiskCase, lockedCase } from './disk.js'
import type { FaultCase } from './FaultCase.js'
import { fleetCase } from './fleet.js'
import { killCase } from './kill.js'
import { natsCases } from './nats.js'
import { slowCases } from './slow.js'
import { webhookCases } from './webhook.js'

export const allCases: readonly FaultCase[] = [
  killCase('sqlite'),
  killCase('ndjson'),
  killCase('file'),
  ...natsCases,
  fleetCase,
  fullDiskCase,
  lockedCase,
  ...webhookCases,
  ...slowCases,
]
