import type { Issue } from '../../contracts/index.js'
import { printable } from './printable.js'

/** One line for what went wrong and can be lived with. */
export function renderIssue({ code, message, hint }: Issue): string {
  const advice = hint === undefined ? '' : ` ${printable(hint)}`
  return `fsflow: warning: ${printable(message)} (${printable(code)})${advice}\n`
}
