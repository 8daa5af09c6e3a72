import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LaneQueue } from '../../../src/pipeline/delivery/LaneQueue.js'
import { event } from '../fakes.js'

const change = (seq: number) => event(seq, 'MODIFY', `/f${seq}`)

function filled(...types: readonly ('MODIFY' | 'OVERFLOW')[]): LaneQueue {
  const queue = new LaneQueue()
  types.forEach((type, seq) => queue.push(event(seq, type)))
  return queue
}

const told = (queue: LaneQueue, most = Infinity) =>
  queue
    .take(most)
    .map(({ seq, eventType, controlDetails }) => [seq, eventType, controlDetails?.counts?.dropped])

describe('LaneQueue', () => {
  it('drops the oldest, spares what is about the stream, and tells of it in its place', () => {
    const queue = filled('MODIFY', 'OVERFLOW', 'MODIFY', 'OVERFLOW', 'MODIFY')
    expect([queue.dropOldest(), queue.dropOldest()]).toEqual([true, true])
    expect(queue.length).toBe(3)
    expect(told(queue)).toEqual([
      [1, 'OVERFLOW', undefined],
      [2, 'WARNING', 2],
      [3, 'OVERFLOW', undefined],
      [4, 'MODIFY', undefined],
    ])
    expect([queue.isEmpty, queue.warnings]).toEqual([true, 1])
  })

  it('has nothing to drop when all of it is about the stream', () => {
    const queue = filled('OVERFLOW', 'OVERFLOW')
    expect(queue.dropOldest()).toBe(false)
    expect(queue.length).toBe(2)
    queue.drop(change(2))
    expect(told(queue).map(([seq, type]) => [seq, type])).toEqual([
      [0, 'OVERFLOW'],
      [1, 'OVERFLOW'],
      [2, 'WARNING'],
    ])
  })

  it('takes back what was taken, before what was dropped since', () => {
    const queue = filled('MODIFY', 'MODIFY', 'MODIFY', 'MODIFY')
    const taken = queue.take(2)
    queue.dropOldest()
    queue.putFront(taken)
    expect(told(queue)).toEqual([
      [0, 'MODIFY', undefined],
      [1, 'MODIFY', undefined],
      [2, 'WARNING', 1],
      [3, 'MODIFY', undefined],
    ])
  })

  it('keeps the order and every count, whatever is done with it', () => {
    const action = fc.oneof(
      fc.constantFrom('push' as const, 'control' as const, 'drop' as const),
      fc.integer({ min: 1, max: 5 }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const queue = new LaneQueue()
        const taken: ReturnType<LaneQueue['take']> = []
        let seq = 0
        let dropped = 0
        for (const act of actions) {
          if (act === 'push') queue.push(change(seq++))
          else if (act === 'control') queue.push(event(seq++, 'OVERFLOW'))
          else if (act === 'drop') dropped += queue.dropOldest() ? 1 : 0
          else taken.push(...queue.take(act))
        }
        taken.push(...queue.take(Infinity))
        const seqs = taken.map((one) => one.seq)
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
        const warnings = taken.filter(({ eventType }) => eventType === 'WARNING')
        expect(warnings).toHaveLength(queue.warnings)
        expect(taken.length - warnings.length + dropped).toBe(seq)
        const counts = warnings.map(({ controlDetails }) => controlDetails!.counts!.dropped!)
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(dropped)
      }),
    )
  })
})
