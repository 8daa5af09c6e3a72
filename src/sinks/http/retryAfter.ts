/** Milliseconds that a Retry-After header asks for, in seconds or as a date; 0 for none that can be read. */
export function retryAfter(header: string | null, now: number): number {
  if (header === null) return 0
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const time = Date.parse(header)
  return Number.isNaN(time) ? 0 : Math.max(0, time - now)
}
