import type { InotifyBinding } from '../linux/InotifyBinding.js'

export {
  FENCE_WD,
  type DirectoryEntry,
  type DirectoryListing,
  type EntryType,
  type FileIdentity,
  type Inode,
  type InotifyRecord,
} from '../linux/InotifyBinding.js'

/** What the watching code needs of the kernel: all that a test has to simulate. */
export type KernelPort = Pick<
  InotifyBinding,
  'addWatch' | 'removeWatch' | 'list' | 'listing' | 'identify' | 'changedAt' | 'fence'
>
