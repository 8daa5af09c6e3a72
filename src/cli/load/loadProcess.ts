// A process of RandomLoad: it does as many steps as each message says, and answers.
import { randomWork, type RandomWorkOptions } from './randomWork.js'

const step = randomWork(JSON.parse(process.argv[2]!) as RandomWorkOptions)

// Ctrl-C reaches all processes of the terminal; when this one ends is for its parent to say.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())
process.on('message', (steps: number) => {
  for (let i = 0; i < steps; i++) step()
  process.send!('done')
})
