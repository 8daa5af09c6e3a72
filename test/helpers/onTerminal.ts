import { spawn } from 'node:child_process'
import { program } from './requires.js'

/** What runs a command with a terminal. */
export const scriptProgram = program('script')

export interface TerminalRun {
  /** All that was written so far, escape sequences included. */
  readonly written: () => string
  readonly ended: Promise<{ readonly code: number | null; readonly written: string }>
  kill(): void
}

/** Runs a command of the shell, stdout and stderr on a pseudo-terminal. Needs `scriptProgram`. */
export function onTerminal(command: string, cwd: string): TerminalRun {
  // Its stdin stays open: at its end, the command would be told so.
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let written = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text))
  return {
    written: () => written,
    kill: () => child.kill('SIGKILL'),
    ended: new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, written }))
    }),
  }
}

/** What the terminal shows in the end, line by line, without the blanks at their ends. */
export function screen(written: string): string[] {
  const lines: string[] = ['']
  let column = 0
  for (const [part, erase] of written.matchAll(/(\p{Cc}\[K)|\p{Cc}\[\d*m|[^]/gu)) {
    const line = lines.at(-1)!
    if (erase !== undefined) lines[lines.length - 1] = line.slice(0, column)
    else if (part === '\r') column = 0
    else if (part === '\n') lines.push(''.padEnd(column))
    else if (part.length === 1) {
      lines[lines.length - 1] = line.padEnd(column).slice(0, column) + part + line.slice(column + 1)
      column++
    }
  }
  return lines.map((line) => line.trimEnd())
}
