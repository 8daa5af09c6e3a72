// A process that works at random in a tree: `node randomWork.js TREE OUTSIDE SEED STEPS [bytes]`.
// With `bytes`, names that are not UTF-8 too.
import { randomWork } from '../../src/cli/load/randomWork.js'

const [tree, outside, seed, steps, names] = process.argv.slice(2) as [string, string, string, string, string?]
const step = randomWork({ tree, outside, seed: Number(seed), anyBytes: names === 'bytes' })
for (let i = 0; i < Number(steps); i++) step()
