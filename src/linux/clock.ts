let offset = Date.now() - performance.now()

/**
 * Microseconds since the epoch.
 *
 * `Date.now` has only milliseconds and `performance.now` misses steps of the wall clock and time asleep, so
 * the second is tied to the first anew whenever they have drifted apart.
 */
export function nowMicros(): number {
  const wall = Date.now()
  const fine = performance.now()
  if (Math.abs(offset + fine - wall) > 2) offset = wall - fine
  return Math.round((offset + fine) * 1000)
}
