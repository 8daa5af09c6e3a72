import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ChildResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** True when it had to be killed. */
  readonly hung: boolean
}

export type Kill = (signal: NodeJS.Signals) => void

export interface ChildOptions {
  /** What stands before `node`, for example `unshare -Ur`. */
  readonly prefix?: readonly string[]
  /** Called when it runs, with a way to send a signal. */
  readonly onStart?: (kill: Kill) => void
  /** Called with each piece of output, and a way to send a signal. */
  readonly onOutput?: (text: string, kill: Kill) => void
  readonly boundMs?: number
}

const BOUND_MS = 30_000

/** Runs a script of test/helpers/children to its end. It has to end by itself. */
export function runChild(
  script: string,
  args: readonly string[],
  { prefix = [], onStart, onOutput, boundMs = BOUND_MS }: ChildOptions = {},
): Promise<ChildResult> {
  const file = fileURLToPath(new URL(`./children/${script}.js`, import.meta.url))
  const command = [...prefix, process.execPath, file, ...args]
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let hung = false
  const kill: Kill = (signal) => child.kill(signal)
  onStart?.(kill)
  const timer = setTimeout(() => {
    hung = true
    child.kill('SIGKILL')
  }, boundMs)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onOutput?.(text, kill)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, stdout, stderr, hung })
    })
  })
}

/** The same for a script that prints one JSON value and must end with code 0. */
export async function runForJson<T>(
  script: string,
  args: readonly string[],
  options?: ChildOptions,
): Promise<T> {
  const { code, signal, stdout, stderr, hung } = await runChild(script, args, options)
  if (code !== 0) {
    throw new Error(
      `${script} ${args.join(' ')}: ${hung ? 'hung' : `ended with ${code ?? signal}`}\n${stdout}${stderr}`,
    )
  }
  return JSON.parse(stdout) as T
}
