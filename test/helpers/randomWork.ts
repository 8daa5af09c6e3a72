// A process that works at random in a tree: `node randomWork.js TREE OUTSIDE SEED STEPS`.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const [tree, outside, seedText, stepsText] = process.argv.slice(2) as [string, string, string, string]
let seed = Number(seedText)

/** mulberry32: small, seeded, good enough. */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
const names = ['a', 'b', 'c', 'd', 'e', 'öß', 'with space', 'new\nline', '-x', 'q"uote']

/** A directory of the tree, found by walking down at random. */
function someDirectory(top: string): string {
  let current = top
  for (let depth = 0; depth < 6 && random() < 0.65; depth++) {
    let below: string[]
    try {
      below = readdirSync(current, { withFileTypes: true })
        .filter((e) => e.isDirectory())
        .map((e) => e.name)
    } catch {
      break
    }
    if (below.length === 0) break
    current = join(current, pick(below))
  }
  return current
}

const somePath = (top: string) => join(someDirectory(top), pick(names))

const steps: (() => void)[] = [
  () => mkdirSync(somePath(tree)),
  () => mkdirSync(join(somePath(tree), pick(names), pick(names)), { recursive: true }),
  () => {
    const deep = join(somePath(tree), pick(names), pick(names))
    mkdirSync(deep, { recursive: true })
    writeFileSync(join(deep, 'f'), 'x')
  },
  () => writeFileSync(somePath(tree), 'content'),
  () => appendFileSync(somePath(tree), 'more'),
  () => unlinkSync(somePath(tree)),
  () => rmdirSync(somePath(tree)),
  () => rmSync(somePath(tree), { recursive: true, force: true }),
  () => renameSync(somePath(tree), somePath(tree)),
  () => renameSync(somePath(tree), somePath(tree)),
  () => {
    // Not the tree itself: while another process moves the target out, even that rename can succeed.
    const directory = someDirectory(tree)
    if (directory !== tree) renameSync(directory, somePath(tree))
  },
  () => renameSync(somePath(tree), join(outside, `${process.pid}-${Math.floor(random() * 5)}`)),
  () => {
    const inside = readdirSync(outside)
    if (inside.length > 0) renameSync(join(outside, pick(inside)), somePath(tree))
  },
  () => {
    const made = join(outside, `new-${process.pid}`)
    mkdirSync(join(made, 'p', 'q'), { recursive: true })
    writeFileSync(join(made, 'p', 'f'), '')
    const target = somePath(tree)
    if (!existsSync(target)) renameSync(made, target)
  },
]

for (let i = 0; i < Number(stepsText); i++) {
  try {
    pick(steps)()
  } catch {
    // Most steps do not apply to the tree as it is: that is part of the game.
  }
}
