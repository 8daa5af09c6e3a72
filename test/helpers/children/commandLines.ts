// Runs command lines one after the other in one process, and prints the outcome of each as a line of JSON.
// argv: the directory to work in, the command lines as JSON.
import { writeSync } from 'node:fs'
import { commandLine } from '../../../src/cli/commandLine.js'

const [directory, json] = process.argv.slice(2) as [string, string]
process.chdir(directory)

let text = { stdout: '', stderr: '' }

function capture(stream: 'stdout' | 'stderr'): typeof process.stdout.write {
  return (part: string | Uint8Array, ...rest: ((() => void) | string | undefined)[]) => {
    text[stream] += Buffer.from(part as Uint8Array).toString()
    const last = rest.at(-1)
    if (typeof last === 'function') last()
    return true
  }
}
process.stdout.write = capture('stdout')
process.stderr.write = capture('stderr')

for (const argv of JSON.parse(json) as string[][]) {
  text = { stdout: '', stderr: '' }
  const code = await commandLine(argv)
  writeSync(1, `${JSON.stringify({ argv, code, ...text })}\n`)
}
process.exit()
