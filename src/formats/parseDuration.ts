const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds in a text such as `30d`, `12h`, `90m`, `45s`; `NaN` for anything else. */
export function parseDuration(value: unknown): number {
  const [, number, unit] = (typeof value === 'string' && /^(\d+(?:\.\d+)?)([smhd])$/.exec(value)) || []
  return unit === undefined ? NaN : Number(number) * units[unit]!
}
