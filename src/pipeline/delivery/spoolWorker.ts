import { parentPort, workerData } from 'node:worker_threads'
import { serveCalls } from '../../sinks/database/serveCalls.js'
import { SpoolStore, type SpoolContent } from './SpoolStore.js'
import type { SpooledRow } from './spooledRow.js'

/** What the thread is given at its start. */
export interface SpoolData {
  readonly path: string
  readonly bytes: number
}

export type SpoolCall =
  | { readonly do: 'open' }
  | { readonly do: 'write'; readonly rows: readonly SpooledRow[] }
  | { readonly do: 'read'; readonly after: number; readonly most: number }
  | { readonly do: 'remove'; readonly upTo: number }

const { path, bytes } = workerData as SpoolData
let store: SpoolStore | undefined

function answer(call: SpoolCall): SpoolContent | readonly SpooledRow[] | undefined {
  switch (call.do) {
    case 'open':
      store = new SpoolStore(path, bytes)
      return store.content()
    case 'write':
      store!.write(call.rows)
      return undefined
    case 'read':
      return store!.read(call.after, call.most)
    case 'remove':
      store!.remove(call.upTo)
      return undefined
  }
}

serveCalls(parentPort!, answer, () => store?.close())
