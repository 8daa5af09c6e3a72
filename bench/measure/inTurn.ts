import { median } from './median.js'
import type { Row, Values } from '../report/results.js'

interface Subject {
  readonly name: string
  readonly missing?: string
}

export interface Turns {
  readonly rows: Row[]
  readonly leftOut: string[]
}

/**
 * Measures each subject once, in turn, in each round: whatever else the machine does meets them all. Gives medians.
 * A subject that is not there, or fails, is left out, and that is said.
 */
export async function inTurn<T extends Subject>(
  subjects: readonly T[],
  rounds: number,
  measure: (subject: T) => Promise<Values>,
): Promise<Turns> {
  const leftOut = new Map(
    subjects.flatMap(({ name, missing }) => (missing === undefined ? [] : [[name, missing] as const])),
  )
  const found = new Map<string, Values[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) {
      if (leftOut.has(subject.name)) continue
      try {
        found.get(subject.name)!.push(await measure(subject))
      } catch (error) {
        leftOut.set(subject.name, error instanceof Error ? error.message : String(error))
      }
    }
  }
  const rows = subjects
    .filter(({ name }) => !leftOut.has(name))
    .map(({ name }) => ({ name, values: medians(found.get(name)!) }))
  return { rows, leftOut: [...leftOut].map(([name, why]) => `${name}: ${why}`) }
}

function medians(rounds: readonly Values[]): Values {
  return Object.fromEntries(
    Object.keys(rounds[0]!).map((key) => [key, median(rounds.map((values) => values[key]!))]),
  )
}

/** Adds to each row how its number compares with that of another row. */
export function withRatio(rows: readonly Row[], key: string, base: string, ratio = 'ratio'): Row[] {
  const divisor = rows.find(({ name }) => name === base)?.values[key] ?? NaN
  return rows.map(({ name, values }) => ({
    name,
    values: { ...values, [ratio]: values[key]! / divisor },
  }))
}
