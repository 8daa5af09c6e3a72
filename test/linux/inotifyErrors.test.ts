import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, it } from '@jest/globals'
import { FsflowError } from '../../src/errors/index.js'
import { inotifyLimit, inotifyOpenError, watchLimitError } from '../../src/linux/inotifyErrors.js'

const { EMFILE, ENFILE, ENOMEM, ENOSPC } = constants.errno
const read = (path: string) => Number(readFileSync(`/proc/sys/${path}`, 'utf8'))

describe('inotifyLimit', () => {
  it('is what the kernel says, and of two limits the smaller one', () => {
    expect(inotifyLimit('max_queued_events')).toBe(read('fs/inotify/max_queued_events'))
    expect(inotifyLimit('max_user_watches')).toBe(
      Math.min(read('fs/inotify/max_user_watches'), read('user/max_inotify_watches')),
    )
    expect(inotifyLimit('max_user_instances')).toBe(
      Math.min(read('fs/inotify/max_user_instances'), read('user/max_inotify_instances')),
    )
  })
})

describe('inotifyOpenError', () => {
  it('names the limit on instances, its value and the line that raises it', () => {
    const limit = inotifyLimit('max_user_instances')!
    for (const errno of [undefined, EMFILE, ENFILE]) {
      const error = inotifyOpenError(errno)
      expect(FsflowError.is(error)).toBe(true)
      expect(error.code).toBe('FSFLOW_WATCH_LIMIT')
      expect(error.message).toContain(`limit for a user is ${limit}`)
      const raised = Number(/sudo sysctl \S+instances=(\d+)/.exec(error.hint!)![1])
      expect(raised).toBeGreaterThan(limit)
      expect(read(error.path!.replace('/proc/sys/', ''))).toBe(limit)
    }
  })

  it('tells the limit on watches apart, and what it does not know by its name', () => {
    expect(inotifyOpenError(ENOSPC).path).toMatch(/watches$/)
    expect(inotifyOpenError(ENOMEM)).toMatchObject({
      code: 'FSFLOW_KERNEL',
      message: 'inotify_init1 failed: ENOMEM',
    })
  })
})

describe('watchLimitError', () => {
  it('says how many are needed, what the limit is, who uses them, and what raises it', () => {
    const limit = inotifyLimit('max_user_watches')!
    const error = watchLimitError({ needed: 1_000_000, users: ['node (pid 1): 5', 'code (pid 2): 4'] })
    expect(error.code).toBe('FSFLOW_WATCH_LIMIT')
    expect(error.message).toBe(
      `out of inotify watches: 1000000 watches are needed, the limit for a user is ${limit}; ` +
        'in use by node (pid 1): 5, code (pid 2): 4',
    )
    const raised = Number(/sudo sysctl \S+watches=(\d+)/.exec(error.hint!)![1])
    expect(raised).toBeGreaterThanOrEqual(1_000_000 + limit)
  })

  it('leaves out what is not known', () => {
    const { message } = watchLimitError(undefined)
    expect(message).toBe(
      `out of inotify watches: the limit for a user is ${inotifyLimit('max_user_watches')}`,
    )
    expect(watchLimitError({ needed: 3, users: [] }).message).toContain('3 watches are needed, ')
  })
})
