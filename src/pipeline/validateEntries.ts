import type { Operator, Sink, Source } from '../contracts/index.js'
import { invalidPipeline } from './invalidPipeline.js'
import type { Metrics } from './metrics/metrics.js'

function has(value: unknown, methods: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Record<string, unknown>
  return typeof record.name === 'string' && methods.every((method) => typeof record[method] === 'function')
}

function isSource(value: unknown): value is Source {
  return has(value, ['check', 'open']) && typeof value.providesPaths === 'boolean'
}

function isSink(value: unknown): value is Sink {
  return has(value, ['check', 'open']) && typeof value.description === 'string'
}

function isMetrics(value: unknown): value is Metrics {
  return has(value, ['check', 'open']) && value.name === 'metrics'
}

function nameOf(value: (...args: never) => unknown): string {
  return value.name === '' ? 'it' : value.name
}

/** What the value is, and what its writer most likely meant. */
function describe(value: unknown): { readonly is: string; readonly hint?: string } {
  if (value === undefined) {
    return { is: 'undefined', hint: 'Is it imported, and does that module export something of this name?' }
  }
  if (value === null) return { is: 'null' }
  if (Array.isArray(value)) return { is: 'an array', hint: 'Spread it, or take it out of its brackets.' }
  if (value instanceof Promise) return { is: 'a Promise', hint: 'Put await before it.' }
  if (isSource(value)) return { is: `a source (${value.name})`, hint: 'Sources go to the key "source".' }
  if (isSink(value)) return { is: `a sink (${value.name})`, hint: 'Sinks go to the list "sinks".' }
  if (typeof value === 'function') {
    const name = nameOf(value as () => unknown)
    return {
      is: `a function (${name})`,
      hint: `Did you forget to call it? ${name === 'it' ? 'Write it with parentheses' : `Write ${name}()`}, or move it to "operators" if it is one.`,
    }
  }
  if (typeof value === 'object') return { is: 'an object' }
  return { is: `a ${typeof value}` }
}

function wrong(entry: string, expected: string, value: unknown, fallback: string): Error {
  const { is, hint } = describe(value)
  return invalidPipeline(entry, `is not ${expected} but ${is}`, hint ?? fallback)
}

/** Throws unless the value is a source. */
export function requireSource(value: unknown): asserts value is Source {
  if (isSource(value)) return
  if (Array.isArray(value)) {
    throw invalidPipeline(
      'source',
      'is an array',
      'A pipeline has one source; inotify({ paths }) takes several.',
    )
  }
  throw wrong(
    'source',
    'a source',
    value,
    "Use one from 'fsflow/sources', such as inotify({ paths: ['src'] }).",
  )
}

function requireList(key: string, value: unknown): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return
  const { is } = describe(value)
  throw invalidPipeline(key, `is not an array but ${is}`, `Write ${key}: [ ... ].`)
}

/** Throws unless the value is a list of functions. */
export function requireOperators(value: unknown): asserts value is readonly Operator[] {
  requireList('operators', value)
  // Not forEach, which skips the holes of an array.
  for (let i = 0; i < value.length; i++) {
    if (typeof value[i] === 'function') continue
    throw wrong(`operators[${i}]`, 'a function', value[i], "Use one from 'fsflow/operators' or from 'rxjs'.")
  }
}

/** Throws unless the value is a list of at least one sink. */
export function requireSinks(value: unknown): asserts value is readonly Sink[] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) {
    const hint = 'Add one, such as sinks: [text()]. In code, watch() gives a stream without sinks.'
    throw invalidPipeline('sinks', value === undefined ? 'is missing' : 'is empty', hint)
  }
  requireList('sinks', value)
  for (let i = 0; i < value.length; i++) {
    if (isSink(value[i])) continue
    throw wrong(`sinks[${i}]`, 'a sink', value[i], "Use one from 'fsflow/sinks', such as ndjson().")
  }
}

/** Throws unless the value is what `metrics` returns, or nothing. */
export function requireMetrics(value: unknown): asserts value is Metrics | undefined {
  if (value === undefined || isMetrics(value)) return
  throw wrong('metrics', 'what metrics(...) returns', value, 'Write metrics: metrics({ port: 9464 }).')
}
