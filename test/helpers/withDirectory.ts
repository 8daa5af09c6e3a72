import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs `use` with a new empty directory, and removes it. */
export async function withDirectory<T>(use: (directory: string) => Promise<T> | T): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fsflow-test-'))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Runs `use` with an empty filesystem of `kilobytes`, and unmounts it. Needs `mounting`. */
export async function withSmallDisk<T>(
  kilobytes: number,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  return withDirectory(async (directory) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', directory])
    try {
      return await use(directory)
    } finally {
      execFileSync('umount', ['-l', directory])
    }
  })
}
