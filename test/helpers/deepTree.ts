import { execFileSync } from 'node:child_process'

const script = `
const { mkdirSync, writeFileSync } = require('node:fs')
const [top, name, levels] = process.argv.slice(1)
process.chdir(top)
for (let i = 0; i < Number(levels); i++) {
  mkdirSync(name, { recursive: true })
  process.chdir(name)
}
writeFileSync(process.argv[4], 'x')
`

/** Makes a chain of directories, each by its relative name, and a file at its end; returns the last directory. */
export function makeDeepTree(top: string, name: string, levels: number, file: string): string {
  execFileSync(process.execPath, ['-e', script, top, name, String(levels), file])
  return top + `/${name}`.repeat(levels)
}

/** node:fs cannot remove what has a path longer than the kernel takes. */
export function removeDeepTree(top: string): void {
  execFileSync('rm', ['-rf', top])
}
