import { escapeControls } from '../../formats/index.js'

/**
 * A message without control characters, in one line. Backslashes stay, for names in messages are escaped
 * already.
 */
export function printable(text: string): string {
  return text.replace(/[^\\]+/g, (part) => escapeControls(part))
}
