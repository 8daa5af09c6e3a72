import type { HandleKey } from './HandleRecord.js'

/** Where a directory lies. */
export interface FoundPlace {
  /** Empty when it is the top of its filesystem, or of what of it is mounted. */
  readonly parent: HandleKey
  readonly name: string
}

export interface FoundEntry {
  readonly key: HandleKey
  readonly isDirectory: boolean
}

export interface ListedEntry {
  readonly name: string
  /** Only of a directory; empty when another filesystem is mounted there. */
  readonly key: HandleKey
  readonly isDirectory: boolean
}

/**
 * Looks at directories by their handles, as they are now. `undefined` is what is not there. The record of
 * whatever was seen comes before a fence that is posted afterwards.
 */
export interface HandleDisk {
  locate(key: HandleKey): FoundPlace | undefined
  list(key: HandleKey): ListedEntry[] | undefined
  lookUp(directory: HandleKey, name: string): FoundEntry | undefined
  /** True while the file exists under any name, or somebody holds it open. */
  isAlive(key: HandleKey): boolean
  /** Nothing is looked at for a while. */
  release(): void
}

/** Which directories the kernel reports. */
export interface DirectoryMarks {
  /** False where everything in the filesystem of the key is reported. */
  isByDirectory(key: HandleKey): boolean
  /** Has a directory reported, with what is directly in it. */
  add(key: HandleKey): void
  remove(key: HandleKey): void
  /**
   * Leaves out what happens to the files of a directory; that its directories come, go and are renamed goes on to be
   * reported. False when that cannot be had.
   */
  silence(key: HandleKey): boolean
  unsilence(key: HandleKey): void
}
