#!/usr/bin/env node
import { commandLine } from './commandLine.js'

// Whoever reads our output may go away at any time; the sinks see to it that the run then ends.
process.stdout.on('error', ignoreClosed)
process.stderr.on('error', ignoreClosed)

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.exitCode = 1
}

void commandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code
  // All is written and closed by now. A pipeline file may have left a timer or a socket, which must not hold us.
  setTimeout(() => process.exit(), 250).unref()
})
