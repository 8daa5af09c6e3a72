import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { program, type Requirement } from './requires.js'
import { withDirectory } from './withDirectory.js'

export type FilesystemType = 'tmpfs' | 'ext4' | 'xfs' | 'btrfs'

/** Enough for the least that mkfs takes; the file is sparse. */
const IMAGE_BYTES = '400M'

/** What a filesystem of a type takes to be made. */
export function needsOf(type: FilesystemType): Requirement[] {
  return type === 'tmpfs' ? [] : [program(`mkfs.${type}`), program('losetup')]
}

/** Runs `use` with a new filesystem of its own, and unmounts it. Needs `mounting`. */
export async function withFilesystem<T>(
  type: FilesystemType,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  return withDirectory(async (scratch) => {
    const directory = join(scratch, 'mounted')
    mkdirSync(directory)
    if (type === 'tmpfs') execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory])
    else {
      const image = join(scratch, 'image')
      execFileSync('truncate', ['-s', IMAGE_BYTES, image])
      execFileSync(`mkfs.${type}`, ['-q', image])
      execFileSync('mount', ['-o', 'loop', image, directory])
    }
    return mounted(directory, () => use(directory))
  })
}

/** Runs `use` while something is mounted, and unmounts it. */
export async function withMount<T>(
  args: readonly string[],
  target: string,
  use: () => Promise<T>,
): Promise<T> {
  execFileSync('mount', [...args, target])
  return mounted(target, use)
}

/** Runs `use` while something is mounted already, and unmounts it. */
export async function mounted<T>(target: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } finally {
    execFileSync('umount', ['-l', target])
  }
}
