import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { IN } from '../../src/linux/inotifyMasks.js'
import { inotifyUsers } from '../../src/linux/inotifyUsage.js'
import { kernelWatches } from '../helpers/procSelf.js'
import { RealInotify } from '../simulation/RealKernel.js'

const own = () => inotifyUsers().find(({ pid }) => pid === process.pid)

describe('inotifyUsers', () => {
  it('counts the instances and watches of each process, the largest first', () => {
    const before = own()?.instances ?? 0
    const first = new RealInotify()
    const second = new RealInotify()
    try {
      for (const path of ['/', '/tmp', '/proc']) first.addWatch(path, IN.CREATE)
      second.addWatch('/', IN.CREATE)
      const users = inotifyUsers()
      expect(own()).toEqual({
        pid: process.pid,
        name: readFileSync('/proc/self/comm', 'utf8').trimEnd(),
        instances: before + 2,
        watches: kernelWatches().length,
      })
      expect(users.map(({ watches }) => watches)).toEqual(
        users.map(({ watches }) => watches).sort((a, b) => b - a),
      )
    } finally {
      first.close()
      second.close()
    }
  })
})
