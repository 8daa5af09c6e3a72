// In a user namespace of its own: `node sourceFreed.js BINDING start|later TREE`. Watches a tree of ten directories
// while the limit of watches falls and rises, or while others take what is left. Prints the codes of the warnings after
// each step, and in what the stream and the disk differ then.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { IN } from '../../../src/linux/inotifyMasks.js'
import type { BindingName } from '../../../src/linux/openInotify.js'
import { ownWatches } from '../../../src/watching/ownWatches.js'
import { RealInotify } from '../../simulation/RealKernel.js'
import { SourceProbe } from '../SourceProbe.js'
import { listTree, TreeState } from '../TreeState.js'
import { until } from '../until.js'

const DIRECTORIES = 11
const ENOUGH = 1000

const [binding, when, tree] = process.argv.slice(2) as [BindingName, 'start' | 'later', string]
const at = (path: string): string => join(tree, path)
const limit = (watches: number): void => {
  writeFileSync('/proc/sys/user/max_inotify_watches', String(watches))
}
for (let i = 0; i < DIRECTORIES - 1; i++) {
  mkdirSync(at(String(i)))
  writeFileSync(at(`${i}/f`), '')
}
const all = DIRECTORIES + ownWatches([tree])

if (when === 'start') limit(all - 4)
const probe = await new SourceProbe({
  paths: tree,
  binding,
  onWatchLimit: 'poll',
  pollInterval: 20,
}).ready()
const state = new TreeState(listTree(tree))
let applied = 0
const codes: string[][] = []
const wrong: string[] = []

/** Waits for so many warnings, changes all that is there, and waits until the stream equals the disk. */
async function step(warnings: number): Promise<void> {
  await until(
    () => probe.issues.length >= warnings,
    () => `warning ${warnings}: ${probe.issues.map(({ message }) => message).join(', ')}`,
  )
  const round = String(codes.length)
  const from = probe.events.length
  for (let i = 0; i < DIRECTORIES - 1; i++) {
    mkdirSync(at(`${i}/d${round}`))
    appendFileSync(at(`${i}/f`), 'x')
  }
  const differences = (): string[] => {
    for (; applied < probe.events.length; applied++) state.apply(probe.events[applied]!)
    const lines = state.differences(listTree(tree))
    const written = new Set(
      probe.events
        .slice(from)
        .filter(({ eventType }) => eventType === 'MODIFY')
        .map(({ filePath }) => filePath),
    )
    for (let i = 0; i < DIRECTORIES - 1; i++) if (!written.has(at(`${i}/f`))) lines.push(`unwritten: ${i}/f`)
    return lines
  }
  await until(
    () => differences().length === 0,
    () => differences().join(', '),
  ).catch((error: unknown) => wrong.push(String(error)))
  codes.push(probe.issues.map(({ code }) => code))
}

if (when === 'start') {
  await step(1)
  limit(ENOUGH)
  await step(2)
  // Those that were made meanwhile are watched too.
  limit(0)
  mkdirSync(at('new'))
  await step(3)
  limit(ENOUGH)
  await step(4)
} else {
  await step(0)
  limit(all + DIRECTORIES + 20)
  const other = new RealInotify()
  mkdirSync(at('other'))
  for (let i = 0; ; i++) {
    mkdirSync(at(`other/${i}`))
    if (other.addWatch(at(`other/${i}`), IN.CREATE) < 0) break
  }
  await step(1)
  limit(ENOUGH)
  other.close()
  await step(2)
}
await probe.stop()
process.stdout.write(JSON.stringify({ codes, wrong, told: probe.told(tree) }))
