import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { Fences } from '../../src/linux/Fences.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { bindingDescriptors } from '../helpers/procSelf.js'
import { RealInotify } from '../simulation/RealKernel.js'

const failed = (errno: number) => new Error(`errno ${errno}`)

function withFences(use: (fences: Fences, kernel: RealInotify) => void): void {
  const kernel = new RealInotify()
  const fences = new Fences((path, mask) => kernel.addWatch(path, mask), failed)
  try {
    use(fences, kernel)
  } finally {
    fences.close()
    kernel.close()
  }
}

/** What has arrived: the numbers of the fences, `undefined` for a record that is none. */
function read(fences: Fences, kernel: RealInotify): number[] {
  return kernel.read().map(({ wd, mask }) => {
    expect(mask).toBe(IN.ACCESS)
    expect(wd).toBeLessThanOrEqual(fences.lastWd)
    return fences.arrived(wd)
  })
}

describe('Fences', () => {
  it('queues one record a fence, in order', () => {
    withFences((fences, kernel) => {
      const tokens = [fences.post(), fences.post(), fences.post(), fences.post()]
      expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
      expect(new Set(tokens).size).toBe(4)
      expect(read(fences, kernel)).toEqual(tokens)
    })
  })

  it('goes on for ever, also when one is posted before the last was read', () => {
    withFences((fences, kernel) => {
      let last = fences.post()
      for (let i = 0; i < 1000; i++) {
        const next = fences.post()
        expect(next).toBeGreaterThan(last)
        expect(read(fences, kernel)).toEqual(i === 0 ? [last, next] : [next])
        last = next
      }
    })
  })

  it('says when all are under way', () => {
    withFences((fences) => {
      for (let i = 0; i < 4; i++) fences.post()
      expect(() => fences.post()).toThrow('every fence is under way')
    })
  })

  it('gets back the fences that an overflow has lost, once the next one shows it', () => {
    withFences((fences, kernel) => {
      const lost = fences.post()
      kernel.read()
      fences.overflowed()
      // Its answer may still stand behind the overflow record: so it is not given up yet.
      const next = fences.post()
      expect(next).toBeGreaterThan(lost)
      fences.overflowed()
      fences.overflowed()
      for (let i = 0; i < 4; i++) fences.post()
    })
  })

  it('does not take the answer to a fence that it has given up for that to the next one', () => {
    withFences((fences, kernel) => {
      for (let times = 0; times < 10; times++) {
        fences.post()
        // They had been read before, and are handled only now.
        fences.overflowed()
        fences.overflowed()
        const next = fences.post()
        expect(read(fences, kernel)).toEqual([0, next])
      }
    })
  })

  it('takes a smaller number for lost when a greater one has arrived', () => {
    withFences((fences, kernel) => {
      fences.post()
      kernel.read()
      const second = fences.post()
      expect(read(fences, kernel)).toEqual([second])
      for (let i = 0; i < 4; i++) fences.post()
    })
  })

  it('answers only to its own watches', () => {
    withFences((fences, kernel) => {
      const wd = kernel.addWatch('/dev', IN.CREATE)
      expect(wd).toBeGreaterThan(fences.lastWd)
      expect(fences.arrived(wd)).toBe(0)
    })
  })

  it('leaves no descriptor, nor when a watch cannot be had', () => {
    const before = bindingDescriptors()
    withFences(() => {
      expect(bindingDescriptors().length).toBeGreaterThan(before.length)
    })
    expect(bindingDescriptors()).toEqual(before)
    let calls = 0
    expect(() => new Fences(() => (++calls < 3 ? calls : -28), failed)).toThrow('errno 28')
    expect(bindingDescriptors()).toEqual(before)
  })

  it('reads a file of its own: who looks through /proc, or posts other fences, queues no record', () => {
    withFences((fences, kernel) => {
      withFences((others) => {
        others.post()
        const directories = ['/proc/self', `/proc/${process.pid}`].map((directory) => `${directory}/fdinfo`)
        for (const directory of directories) {
          for (const fd of readdirSync(directory)) readIfThere(`${directory}/${fd}`)
        }
        expect(kernel.read()).toEqual([])
        const token = fences.post()
        expect(read(fences, kernel)).toEqual([token])
      })
    })
  })
})

function readIfThere(path: string): void {
  try {
    readFileSync(path)
  } catch {
    // The descriptor that listed the folder.
  }
}
