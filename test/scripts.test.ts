import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { watch } from '../src/index.js'
import { eventStream } from '../src/pipeline/eventStream.js'
import { streamCounters } from '../src/pipeline/StreamCounters.js'
import { planStream } from '../src/pipeline/planPipeline.js'
import { watchOperators } from '../src/pipeline/watchOperators.js'
import { fanotify, type FanotifySourceOptions } from '../src/sources/index.js'
import { itAsRoot } from './helpers/requires.js'
import { runScript, scripts, type WatchScript } from './helpers/runScript.js'

describe.each(['koffi', 'node-inotify'] as const)('script cases by %s', (binding) => {
  it.each([...scripts.keys()])('%s', (file) =>
    runScript(
      file,
      (paths, { raw, exclude, follow }, signal) =>
        watch([...paths], { binding, raw, exclude, followSymlinks: follow, signal }),
      { countWatches: true },
    ),
  )
})

const byFanotify =
  (scope: NonNullable<FanotifySourceOptions['scope']>): WatchScript =>
  (paths, { raw, exclude }, signal) => {
    const plan = planStream(fanotify({ paths, scope }), watchOperators({ raw, exclude }))
    const context = { signal, report: () => undefined }
    return eventStream(plan, plan.request, context, streamCounters(plan.stages.length))
  }

describe.each(['filesystem', 'mount', 'tree'] as const)('script cases by fanotify, scope %s', (scope) => {
  for (const [file, { inotifyOnly }] of scripts)
    if (!inotifyOnly) itAsRoot(file, () => runScript(file, byFanotify(scope), { countWatches: false }))
})

/** What takes more than commands: a short queue, few watches, other rights, mounts, a sink. Where it is shown instead. */
const shownElsewhere: ReadonlyMap<string, string> = new Map([
  ['Completeness 4', 'torture/overflows.test.ts'],
  ['Mounts 1', 'sources/inotifyMounts.test.ts'],
  ['Mounts 2', 'sources/inotifyMounts.test.ts'],
  ['Mounts 3', 'sources/inotifyPolling.test.ts'],
  ['Limits 2', 'sources/inotifyPolling.test.ts'],
  ['Limits 3', 'sources/inotifyOptions.test.ts'],
  ['Limits 6', 'sources/inotify.test.ts'],
  ['Limits 8', 'sources/inotifyMounts.test.ts'],
])

/** Each numbered sentence of docs/semantics.md, by its chapter and number: `Limits 4`. */
function sentences(): string[] {
  const found: string[] = []
  let chapter = ''
  for (const line of readFileSync(join(process.cwd(), 'docs/semantics.md'), 'utf8').split('\n')) {
    const [, title] = /^## (.*)/.exec(line) ?? []
    if (title !== undefined) chapter = title === 'Limits and obstacles' ? 'Limits' : title
    const [, number] = /^(\d+)\. /.exec(line) ?? []
    if (number !== undefined) found.push(`${chapter} ${number}`)
  }
  return found
}

describe('the sentences of docs/semantics.md', () => {
  const shown = new Set(
    [...scripts.values()].flatMap(({ about }) => about.match(/[A-Z][a-z]+(?: roots)? \d+(?=[:,])/g) ?? []),
  )

  it('have a script each, or a test that is named', () => {
    const all = sentences()
    expect(all.length).toBeGreaterThan(25)
    expect(all.filter((sentence) => !shown.has(sentence) && !shownElsewhere.has(sentence))).toEqual([])
    const known = new Set(all)
    expect([...shown, ...shownElsewhere.keys()].filter((sentence) => !known.has(sentence))).toEqual([])
    for (const file of new Set(shownElsewhere.values()))
      expect(readFileSync(join(process.cwd(), 'test', file), 'utf8')).not.toBe('')
  })
})
