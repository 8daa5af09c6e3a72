import { unboxed } from '../linux/unboxed.js'

/**
 * What the stream has told of a directory's entries: by name, whether it is a directory, and the inode number where
 * a listing told it. One number for both: there is one for each entry of the whole tree.
 */
export class ToldEntries extends Map<string, number> {
  /** Of all directories in which there is nothing; see `WatchNode.tell`. */
  static readonly none: ToldEntries = new (class extends ToldEntries {
    override set(): never {
      throw new Error('what has no entries is shared')
    }
  })()

  /** True for a directory, false for anything else, `undefined` for what was not told. */
  isDirectory(name: string): boolean | undefined {
    const code = this.get(name)
    return code === undefined ? undefined : isDirectoryCode(code)
  }

  /** `ino` is 0 where it is not known. */
  tell(name: string, isDirectory: boolean, ino = 0): void {
    this.set(name, unboxed(ino * 2 + (isDirectory ? 1 : 0)))
  }
}

export function isDirectoryCode(code: number): boolean {
  return code % 2 === 1
}

/** 0 where it is not known. */
export function inodeOfCode(code: number): number {
  return Math.floor(code / 2)
}
