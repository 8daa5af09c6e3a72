import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../errors/messageOf.js'
import type { DatabaseAnswer, DatabaseCall, DatabaseData } from './DatabaseThread.js'
import { EventsWriter } from './EventsWriter.js'
import { sqliteCode } from './loadLibsql.js'

const { path, run } = workerData as DatabaseData
const port = parentPort!
let writer: EventsWriter | undefined

function answer(call: DatabaseCall): DatabaseAnswer {
  try {
    if (call.do === 'open') writer = new EventsWriter(path, run)
    else if (call.do === 'write') writer!.write(call.rows)
    else if (call.do === 'retain') writer!.retain(call.retention)
    return undefined
  } catch (error) {
    return { code: sqliteCode(error), message: messageOf(error) }
  }
}

port.on('message', (call: DatabaseCall) => {
  if (call.do === 'close') {
    writer?.close()
    // The end of the thread is the answer: only then is every descriptor closed.
    port.close()
  } else port.postMessage(answer(call))
})
