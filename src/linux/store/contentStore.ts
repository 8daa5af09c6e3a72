import { ObjectStore } from './ObjectStore.js'

/** Where whole contents are kept, by their SHA-256. */
export interface ContentStore {
  /** Real path. */
  readonly directory: string
  /** True for the path of what the store itself writes. */
  owns(path: string): boolean
  put(sha256: string, bytes: Uint8Array): void
  get(sha256: string): Uint8Array | undefined
  close(): void
}

/** The store of a directory; what it throws says what to do. */
export function openContentStore(directory: string): ContentStore {
  return new ObjectStore(directory)
}
