import { parentPort, workerData } from 'node:worker_threads'
import { EventsWriter, type EventRow, type Retention } from './EventsWriter.js'
import { serveCalls } from './serveCalls.js'

/** What the thread is given at its start. */
export interface DatabaseData {
  readonly path: string
}

export type DatabaseCall =
  | { readonly do: 'open' }
  | { readonly do: 'write'; readonly run: string; readonly rows: readonly EventRow[] }
  | { readonly do: 'retain'; readonly retention: Retention }

const { path } = workerData as DatabaseData
let writer: EventsWriter | undefined

function answer(call: DatabaseCall): void {
  if (call.do === 'open') writer = new EventsWriter(path)
  else if (call.do === 'write') writer!.write(call.rows, call.run)
  else writer!.retain(call.retention)
}

serveCalls(parentPort!, answer, () => writer?.close())
