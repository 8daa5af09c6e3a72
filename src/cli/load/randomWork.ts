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
import { rawFromText } from '../../linux/rawPath.js'

export interface RandomWorkOptions {
  /** The directory in which it works. */
  readonly tree: string
  /** A directory on the same filesystem, to move things to and from. */
  readonly outside: string
  readonly seed: number
  /** Use names that are not UTF-8 too. Default false. */
  readonly anyBytes?: boolean
}

const textNames = ['a', 'b', 'c', 'd', 'e', 'öß', 'with space', 'new\nline', '-x', 'q"uote'].map(rawFromText)
const byteNames = ['\xff\xfe', 'a\xe9\nb', '\x1b[2J', '\\x41']

/** mulberry32: small, seeded, good enough. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/**
 * Work in a directory tree, chosen at random: chains of directories, files, renames inside, out and in, deletions.
 * The result does one step at each call. Several processes may work in one tree.
 *
 * Equal seeds make equal choices; what comes of them depends on what the others do meanwhile.
 */
export function randomWork(options: RandomWorkOptions): () => void {
  const random = seededRandom(options.seed)
  const names = options.anyBytes === true ? [...textNames, ...byteNames] : textNames
  const tree = rawFromText(options.tree)
  const outside = rawFromText(options.outside)

  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!

  /** A directory of the tree, found by walking down at random. */
  const someDirectory = (): string => {
    let current = tree
    for (let depth = 0; depth < 6 && random() < 0.65; depth++) {
      let below: string[]
      try {
        below = readdirSync(bytes(current), { withFileTypes: true, encoding: 'buffer' })
          .filter((entry) => entry.isDirectory())
          .map((entry) => entry.name.toString('latin1'))
      } catch {
        break
      }
      if (below.length === 0) break
      current = `${current}/${pick(below)}`
    }
    return current
  }
  const somePath = (): string => `${someDirectory()}/${pick(names)}`
  const rename = (from: string, to: string): void => renameSync(bytes(from), bytes(to))

  const steps: readonly (() => void)[] = [
    () => mkdirSync(bytes(somePath())),
    () => mkdirSync(bytes(`${somePath()}/${pick(names)}/${pick(names)}`), { recursive: true }),
    () => {
      const deep = `${somePath()}/${pick(names)}/${pick(names)}`
      mkdirSync(bytes(deep), { recursive: true })
      writeFileSync(bytes(`${deep}/f`), 'x')
    },
    () => writeFileSync(bytes(somePath()), 'content'),
    () => appendFileSync(bytes(somePath()), 'more'),
    () => unlinkSync(bytes(somePath())),
    () => rmdirSync(bytes(somePath())),
    () => rmSync(bytes(somePath()), { recursive: true, force: true }),
    () => rename(somePath(), somePath()),
    () => rename(somePath(), somePath()),
    () => {
      // Not the tree itself: while another process moves the target out, even that rename can succeed.
      const directory = someDirectory()
      if (directory !== tree) rename(directory, somePath())
    },
    () => rename(somePath(), `${outside}/${process.pid}-${Math.floor(random() * 5)}`),
    () => {
      const inside = readdirSync(bytes(outside))
      if (inside.length > 0) rename(`${outside}/${pick(inside)}`, somePath())
    },
    () => {
      const made = `${outside}/new-${process.pid}`
      mkdirSync(bytes(`${made}/p/q`), { recursive: true })
      writeFileSync(bytes(`${made}/p/f`), '')
      const target = somePath()
      if (!existsSync(bytes(target))) rename(made, target)
    },
  ]

  return () => {
    try {
      pick(steps)()
    } catch {
      // Most steps do not apply to the tree as it is: that is part of the game.
    }
  }
}

function bytes(raw: string): Buffer {
  return Buffer.from(raw, 'latin1')
}
