import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes so many small files in directories of 50, with a text that depends on a version. */
export function writeFiles(directory: string, count: number, version: number): void {
  for (let i = 0; i < count; i++) {
    const below = join(directory, `package-${Math.floor(i / 500)}`, `lib-${Math.floor(i / 50)}`)
    if (i % 50 === 0) mkdirSync(below, { recursive: true })
    writeFileSync(join(below, `module-${i}.js`), `export const value = ${i * version}\n`.repeat(1 + (i % 20)))
  }
}
