import type { MessagePort } from 'node:worker_threads'
import { messageOf } from '../../errors/messageOf.js'
import { closing, type DatabaseAnswer } from './DatabaseThread.js'
import { sqliteCode } from './loadLibsql.js'

/** Answers the calls of a `DatabaseThread`, on that thread. */
export function serveCalls(port: MessagePort, answer: (call: never) => unknown, close: () => void): void {
  const answerTo = (call: unknown): DatabaseAnswer => {
    try {
      return { value: answer(call as never) }
    } catch (error) {
      return { failure: { code: sqliteCode(error), message: messageOf(error) } }
    }
  }
  port.on('message', (call: unknown) => {
    if (call === closing) {
      close()
      // The end of the thread is the answer: only then is every descriptor closed.
      port.close()
    } else port.postMessage(answerTo(call))
  })
}
