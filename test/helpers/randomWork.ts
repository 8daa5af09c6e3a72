// A process of RandomWorkers: for each message it works at random in a tree, and answers when that is done.
import { randomWork, type RandomWorkOptions } from '../../src/cli/load/randomWork.js'

export interface Job extends RandomWorkOptions {
  readonly steps: number
}

process.on('message', ({ steps, ...options }: Job) => {
  const step = randomWork(options)
  for (let i = 0; i < steps; i++) step()
  answer('done')
})
answer('ready')

/** Unless nobody waits any more. */
function answer(text: string): void {
  if (process.connected) process.send!(text)
}
