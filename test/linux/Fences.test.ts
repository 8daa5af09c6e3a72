import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { Fences } from '../../src/linux/Fences.js'
import { IN } from '../../src/linux/inotifyMasks.js'
import { bindingDescriptors, kernelWatches } from '../helpers/procSelf.js'
import { RealInotify } from '../simulation/RealKernel.js'

const ENOSPC = 28
const failed = (errno: number) => new Error(`errno ${errno}`)

/** `isFull` says that no watch is free. */
function withFences(use: (fences: Fences, kernel: RealInotify) => void, isFull = () => false): void {
  const kernel = new RealInotify()
  const fences = new Fences(
    {
      add: (path, mask) => (isFull() ? -ENOSPC : kernel.addWatch(path, mask)),
      remove: (wd) => kernel.removeWatch(wd),
    },
    failed,
  )
  try {
    use(fences, kernel)
  } finally {
    fences.close()
    kernel.close()
  }
}

/** The numbers of the fences that have arrived, 0 for one that was given up. */
function read(fences: Fences, kernel: RealInotify): number[] {
  const records = kernel.read().filter(({ mask }) => mask !== IN.IGNORED)
  expect(records.filter(({ mask }) => mask !== IN.ACCESS)).toEqual([])
  return records.map(({ wd }) => fences.arrived(wd))
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

  it('takes no such answer for a later one either, however many it has given up', () => {
    withFences((fences, kernel) => {
      const before = kernelWatches().length
      const given: number[] = []
      for (let times = 0; times < 20; times++) {
        given.push(fences.post())
        fences.overflowed()
        fences.overflowed()
      }
      const next = fences.post()
      expect(read(fences, kernel)).toEqual([...given.map(() => 0), next])
      expect(kernelWatches().length).toBe(before)
    })
  })

  it('goes on with the watches that it has when no other is free', () => {
    let isFull = false
    withFences(
      (fences, kernel) => {
        isFull = true
        for (let times = 0; times < 10; times++) {
          fences.post()
          kernel.read()
          fences.overflowed()
          fences.overflowed()
          const next = fences.post()
          expect(read(fences, kernel)).toEqual([next])
        }
      },
      () => isFull,
    )
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
    const add = () => (++calls < 3 ? calls : -ENOSPC)
    expect(() => new Fences({ add, remove: () => undefined }, failed)).toThrow(`errno ${ENOSPC}`)
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
