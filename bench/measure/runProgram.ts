import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a command to its end and gives the milliseconds it took. Throws when it fails. */
export async function runProgram(command: readonly string[], cwd = '/'): Promise<number> {
  const [program, ...args] = command
  const began = performance.now()
  const child = spawn(program!, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program!} failed: ${errors.trim()}`)
  return performance.now() - began
}
