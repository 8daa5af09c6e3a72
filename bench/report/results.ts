import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Machine } from '../measure/machine.js'

export interface Column {
  readonly key: string
  readonly title: string
  /** Digits behind the point. */
  readonly digits?: number
}

export type Values = Readonly<Record<string, number>>

export interface Row {
  readonly name: string
  readonly values: Values
}

/** What a case found: a table, and what it could not measure. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** What was done, with its sizes. */
  readonly work: string
  readonly leftOut: readonly string[]
}

export interface CaseResult extends Table {
  readonly name: string
  readonly title: string
  readonly rounds: number
  readonly date: string
}

export interface Results {
  readonly machine: Machine
  readonly cases: readonly CaseResult[]
}

/** The results of a file, or undefined when there is none. */
export function readResults(path: string): Results | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8'), fromNull) as Results) : undefined
}

/** Writes results; cases of before that were not run again stay, as long as the machine is the same. */
export function writeResults(path: string, results: Results): void {
  const before = readResults(path)
  const isSame = JSON.stringify(before?.machine) === JSON.stringify(results.machine)
  const again = new Set(results.cases.map(({ name }) => name))
  const kept = isSame ? before!.cases.filter(({ name }) => !again.has(name)) : []
  const merged = { machine: results.machine, cases: [...kept, ...results.cases] }
  writeFileSync(path, `${JSON.stringify(merged, rounded, 2)}\n`)
}

// More digits are noise, and make each run a change of every line.
const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(6)) : value

// JSON writes what is not known, NaN, as null.
const fromNull = (_key: string, value: unknown): unknown => value ?? NaN

/** One number of the results; undefined when it was not measured. */
export function valueOf(
  { cases }: Results,
  caseName: string,
  rowName: string,
  key: string,
): number | undefined {
  const row = cases.find(({ name }) => name === caseName)?.rows.find(({ name }) => name === rowName)
  const value = row?.values[key]
  return value === undefined || Number.isNaN(value) ? undefined : value
}
