import { describe, expect, it } from '@jest/globals'
import { PendingChanges } from '../../../src/operators/content/PendingChanges.js'
import { fileEvent } from '../../../src/testing/index.js'

const event = fileEvent('MODIFY /d/a')

describe('PendingChanges', () => {
  it('settles a change that waits when the next one of the file comes, and says that something happened', () => {
    const pending = new PendingChanges()
    const states: string[] = []
    const first = pending.add(event, '/d/a', 0)
    pending.stirred.subscribe(() => states.push(first.state))
    pending.add(event, '/d/b', 0)
    expect(states).toEqual([])
    pending.add(event, '/d/a', 0)
    expect(states).toEqual(['settled'])
  })

  it('forgets a change whose turn has come, but not the next one of the file', () => {
    const pending = new PendingChanges()
    const first = pending.add(event, '/d/a', 0)
    pending.remove(first)
    const second = pending.add(event, '/d/a', 0)
    expect(first.state).toBe('open')
    pending.remove(first)
    pending.add(event, '/d/a', 0)
    expect(second.state).toBe('settled')
  })

  it.each([
    ['DELETE /d/a', 'settled'],
    ['DELETE /d/', 'settled'],
    ['DELETE_SELF /d/', 'settled'],
    ['MOVED_FROM /d/ #1', 'astray'],
    ['MOVED_TO /d/a #1', 'astray'],
    ['RENAME /d/a -> /x', 'astray'],
    ['RENAME /x -> /d/a', 'astray'],
    ['RENAME /d/ -> /x/', 'astray'],
    ['ATTRIB /d/a', 'open'],
    ['OPEN /d/a', 'open'],
    ['DELETE /d/ab', 'open'],
    ['RENAME /x -> /y', 'open'],
  ])('%s leaves a change of /d/a %s', (text, state) => {
    const pending = new PendingChanges()
    const change = pending.add(event, '/d/a', 0)
    const disturbance = fileEvent(text)
    pending.disturb(disturbance, disturbance.filePath)
    expect(change.state).toBe(state)
    pending.add(event, '/d/a', 0)
    expect(change.state).toBe(state === 'open' ? 'settled' : state)
  })
})
