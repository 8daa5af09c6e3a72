import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Subject, VirtualTimeScheduler } from 'rxjs'
import type { FileEvent } from '../../src/events/index.js'
import { debounceByPath, joinRenames } from '../../src/operators/index.js'
import { ConsumerTree } from './consumerTree.js'
import { ActedTree, action, type Action } from './treeActions.js'

const QUIET = 20

interface Step {
  readonly action: Action
  /** Milliseconds since the step before. */
  readonly after: number
}

interface Options {
  readonly maxWait?: number
  readonly leading?: boolean
}

/** Acts in virtual time, and applies what comes out joined and what comes out debounced to one consumer each. */
function play(before: readonly Action[], steps: readonly Step[], options: Options) {
  const tree = new ActedTree()
  for (const early of before) tree.act(early)
  tree.written.clear()
  const joined = new ConsumerTree(tree.entries)
  const debounced = new ConsumerTree(tree.entries)
  const told: FileEvent[] = []
  const scheduler = new VirtualTimeScheduler()
  const input = new Subject<FileEvent>()
  const renamed = input.pipe(joinRenames({ window: 5, scheduler }))
  const afterwards = new Subject<FileEvent>()
  afterwards.pipe(debounceByPath(QUIET, { ...options, scheduler })).subscribe((event) => {
    told.push(event)
    debounced.apply(event)
  })
  renamed.subscribe((event) => {
    joined.apply(event)
    afterwards.next(event)
  })
  let time = 0
  for (const step of steps) {
    time += step.after
    scheduler.schedule(() => {
      for (const event of tree.act(step.action)) input.next(event)
    }, time)
  }
  scheduler.flush()
  return { tree, joined, debounced, told }
}

const before = fc.array(action, { maxLength: 12, size: 'max' })
const steps = fc.array(fc.record({ action, after: fc.constantFrom(0, 0, 1, 3, 8, 15, 30) }), {
  maxLength: 40,
})
const options: fc.Arbitrary<Options> = fc.record(
  { maxWait: fc.constantFrom(QUIET, 25, 60), leading: fc.boolean() },
  { requiredKeys: [] },
)

describe('debounceByPath and a consumer that applies what it tells', () => {
  it('leaves the consumer with the same tree as the stream without it', () => {
    fc.assert(
      fc.property(before, steps, options, (early, later, chosen) => {
        const { tree, joined, debounced } = play(early, later, chosen)
        expect(joined.listing()).toEqual(tree.listing())
        expect(debounced.listing()).toEqual(tree.listing())
      }),
      { numRuns: 1500 },
    )
  })

  it('tells a directory before what is in it, and nothing of what the consumer does not have', () => {
    fc.assert(
      fc.property(before, steps, options, (early, later, chosen) => {
        expect(play(early, later, chosen).debounced.orphans).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('has the last word: an event of each path comes after its last change of content', () => {
    fc.assert(
      fc.property(before, steps, options, (early, later, chosen) => {
        const { tree, debounced } = play(early, later, chosen)
        for (const [path, seq] of tree.written) {
          expect([path, debounced.entries.get(path)!.readAt >= seq]).toEqual([path, true])
        }
      }),
      { numRuns: 500 },
    )
  })

  it('tells no event twice', () => {
    fc.assert(
      fc.property(before, steps, options, (early, later, chosen) => {
        const seqs = play(early, later, chosen).told.map((event) => event.seq)
        expect(new Set(seqs).size).toBe(seqs.length)
      }),
      { numRuns: 500 },
    )
  })
})
