/** The middle of some numbers; the lower of two. NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The smallest number that a part of all numbers does not exceed. NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN
}
