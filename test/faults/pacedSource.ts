import { Observable } from 'rxjs'
import type { Source } from '../../src/contracts/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { memorySource } from '../../src/testing/memorySource.js'

/** The file of an event of a run; both are found again in what arrives. */
export const pathOf = (run: number, number: number): string => `/fault/${run}/${number}`

/** Emits so many events of different files, some at a time, about so many a second, and is then silent. */
export function pacedSource(run: number, count: number, perSecond: number): Source {
  const events = new Observable<FileEvent>((out) => {
    const started = performance.now()
    let sent = 0
    const timer = setInterval(() => {
      const due = Math.min(count, Math.ceil(((performance.now() - started) / 1000) * perSecond))
      while (sent < due) out.next(fileEvent(`MODIFY ${pathOf(run, sent++)}`))
      if (sent === count) clearInterval(timer)
    }, 2)
    return () => clearInterval(timer)
  })
  return memorySource(events)
}
