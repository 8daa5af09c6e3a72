/** However long a destination asks to wait, that long at the most. */
const LONGEST_ASKED = 3_600_000

export interface Pace {
  /** Milliseconds, at the most, until the second attempt. */
  readonly first: number
  /** Milliseconds, at the most, between any two. */
  readonly longest: number
}

/**
 * Milliseconds until the next attempt: at random up to a bound that doubles with each attempt, so that many who wait
 * for the same server do not come at once; at least what the destination asks for.
 */
export function backOff(
  { first, longest }: Pace,
  attempt: number,
  asked: number,
  random: () => number = Math.random,
): number {
  const bound = Math.min(longest, first * 2 ** Math.min(attempt, 30))
  return Math.max(Math.min(asked, LONGEST_ASKED), Math.round(bound / 2 + (random() * bound) / 2))
}
