import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 5

/** Waits for a condition, never for a time. The bound only turns a hang into a failure that says what was missing. */
export async function until(
  condition: () => boolean,
  what: () => string,
  boundMs = 15_000,
  pollMs = POLL_MS,
): Promise<void> {
  const end = Date.now() + boundMs
  while (!condition()) {
    if (Date.now() > end) throw new Error(`did not happen: ${what()}`)
    await delay(pollMs)
  }
}
