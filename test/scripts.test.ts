import { NEVER } from 'rxjs'
import { describe, it } from '@jest/globals'
import { watch } from '../src/index.js'
import { eventStream, streamCounters } from '../src/pipeline/eventStream.js'
import { planStream } from '../src/pipeline/planPipeline.js'
import { watchOperators } from '../src/pipeline/watchOperators.js'
import { fanotify, type FanotifySourceOptions } from '../src/sources/index.js'
import { itAsRoot } from './helpers/requires.js'
import { runScript, scriptFiles, type WatchScript } from './helpers/runScript.js'

describe.each(['koffi', 'node-inotify'] as const)('script cases by %s', (binding) => {
  it.each(scriptFiles)('%s', (file) =>
    runScript(file, (path, { raw, exclude }, signal) => watch(path, { binding, raw, exclude, signal })),
  )
})

const byFanotify =
  (scope: NonNullable<FanotifySourceOptions['scope']>): WatchScript =>
  (paths, { raw, exclude }, signal) => {
    const plan = planStream(fanotify({ paths, scope }), watchOperators({ raw, exclude }))
    const context = { signal, report: () => undefined }
    return eventStream(plan, plan.request, context, streamCounters(plan.stages.length), NEVER)
  }

describe.each(['filesystem', 'mount', 'tree'] as const)('script cases by fanotify, scope %s', (scope) => {
  for (const file of scriptFiles) itAsRoot(file, () => runScript(file, byFanotify(scope)))
})
