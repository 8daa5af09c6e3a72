const FIRST = 500
const LONGEST = 30_000
/** Longer than that no answer makes us wait. */
const LONGEST_ASKED = 3_600_000

/**
 * Milliseconds until the next attempt: at random up to a bound that doubles with each attempt, so that many who wait
 * for the same server do not come at once; at least what the answer asks for.
 */
export function backOff(attempt: number, asked: number, random: () => number = Math.random): number {
  const bound = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 16))
  return Math.max(Math.min(asked, LONGEST_ASKED), Math.round(bound / 2 + (random() * bound) / 2))
}

/** Milliseconds that a Retry-After header asks for, in seconds or as a date; 0 for none that can be read. */
export function retryAfter(header: string | null, now: number): number {
  if (header === null) return 0
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const time = Date.parse(header)
  return Number.isNaN(time) ? 0 : Math.max(0, time - now)
}
