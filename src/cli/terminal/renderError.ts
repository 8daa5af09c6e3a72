import { FsflowError } from '../../errors/index.js'
import { messageOf } from '../../errors/messageOf.js'
import { printable } from './printable.js'

/** One line, the hint on a second, each ended; with `verbose` the stack traces too, down to the first cause. */
export function renderError(error: unknown, verbose: boolean): string {
  const lines = [`fsflow: error: ${headline(error)}`]
  if (FsflowError.is(error) && error.hint !== undefined) {
    lines.push(`fsflow: hint: ${printable(error.hint)}`)
  }
  if (verbose) lines.push(...stacks(error))
  return `${lines.join('\n')}\n`
}

function headline(error: unknown): string {
  return printable(messageOf(error)) + (FsflowError.is(error) ? ` (${error.code})` : '')
}

function stacks(error: unknown): string[] {
  const lines: string[] = []
  // The bound is for a cause that leads back to itself.
  for (let depth = 0, next = error; next instanceof Error && depth < 10; depth++, next = next.cause) {
    const text = next.stack ?? next.message
    lines.push(...(depth === 0 ? text : `caused by ${text}`).split('\n').map((line) => printable(line)))
  }
  return lines
}
