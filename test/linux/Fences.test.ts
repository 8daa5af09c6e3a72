import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { FENCES, Fences } from '../../src/linux/Fences.js'
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

/** The numbers of the fences that have arrived. */
function read(fences: Fences, kernel: RealInotify): number[] {
  return kernel.read().map(({ wd, mask }) => {
    expect(mask).toBe(IN.IGNORED)
    return fences.arrived(wd)
  })
}

describe('Fences', () => {
  it('queues one record a fence, in order, however many are under way', () => {
    withFences((fences, kernel) => {
      const tokens = Array.from({ length: 100 }, () => fences.post())
      expect(tokens).toEqual(tokens.map((_, index) => index + 1))
      expect(read(fences, kernel)).toEqual(tokens)
    })
  })

  it('holds so many watches and no more', () => {
    const before = kernelWatches().length
    withFences((fences) => {
      for (let i = 0; i < 10; i++) {
        expect(kernelWatches().length - before).toBe(FENCES)
        fences.post()
      }
    })
  })

  it('takes no answer for that to another fence, when some are lost', () => {
    withFences((fences, kernel) => {
      const lost = [fences.post(), fences.post(), fences.post()]
      kernel.read()
      const next = fences.post()
      expect(next).toBeGreaterThan(Math.max(...lost))
      expect(read(fences, kernel)).toEqual([next])
    })
  })

  it('does without a watch that another program has taken, until it is free again', () => {
    let isFull = false
    withFences(
      (fences, kernel) => {
        isFull = true
        const tokens = Array.from({ length: FENCES }, () => fences.post())
        expect(() => fences.post()).toThrow(`errno ${ENOSPC}`)
        isFull = false
        for (let i = 0; i < FENCES; i++) tokens.push(fences.post())
        expect(read(fences, kernel)).toEqual(tokens)
      },
      () => isFull,
    )
  })

  it('answers only to its own watches', () => {
    withFences((fences, kernel) => {
      const wd = kernel.addWatch('/dev', IN.CREATE)
      const token = fences.post()
      expect(fences.arrived(wd)).toBe(0)
      expect(read(fences, kernel)).toEqual([token])
    })
  })

  it('leaves no descriptor, nor when a watch cannot be had', () => {
    const before = bindingDescriptors()
    withFences(() => {
      expect(bindingDescriptors().length).toBeGreaterThan(before.length)
    })
    expect(bindingDescriptors()).toEqual(before)
    let calls = 0
    const add = () => (++calls < FENCES ? calls : -ENOSPC)
    expect(() => new Fences({ add, remove: () => undefined }, failed)).toThrow(`errno ${ENOSPC}`)
    expect(bindingDescriptors()).toEqual(before)
  })

  it('queues no record for what others do: who looks through /proc, or posts other fences', () => {
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
