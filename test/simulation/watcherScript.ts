import type { Operation, SimulationOptions, Step } from './simulateWatcher.js'

/** A simulated run as a text that people can read, and keep as a file. */
export interface WatcherScript {
  readonly steps: readonly Step[]
  readonly options: SimulationOptions
}

const operations: readonly string[] = ['do', 'inside', 'remote', 'late', 'early']
const flags = ['fromTheStart', 'followSymlinks', 'blind', 'locks'] as const
const counts = ['read', 'drain', 'drainInside'] as const
const numbers = ['maxQueuedEvents', 'maxWatches'] as const

/**
 * ```
 * # What it shows.
 * tree /w/a/b/ /w/a/c        (what is there before; a directory ends in a slash)
 * maxQueuedEvents 6          (options; a flag has no value)
 * do rename /w/a /w/d        (somebody does something)
 * inside mkdir /w/e          (the same, just before the next system call of the watching code)
 * late append /w/a/c         (the same; what is done next is queued before it)
 * early append /w/a/c        (the same; it is queued before what was done last)
 * read 3                     (the watching code gets so many records)
 * drain 3                    (a thread takes so many from the kernel, and keeps them until they are read)
 * drainInside 3              (the same, just before the next system call of the watching code)
 * ```
 */
export function parseWatcherScript(text: string): WatcherScript {
  const steps: Step[] = []
  const options: Record<string, unknown> = {}
  for (const line of text.split('\n')) {
    const words = line.split(' ').filter((word) => word !== '')
    const [first, ...rest] = words
    if (first === undefined || first.startsWith('#')) continue
    if (first === 'tree') options.tree = rest
    else if ((counts as readonly string[]).includes(first))
      steps.push({ [first]: Number(rest[0]) } as unknown as Step)
    else if (first === 'look') steps.push({ look: true })
    else if (operations.includes(first)) {
      const [call, path, to] = rest
      const operation = { call, path, ...(to !== undefined && { to }) } as Operation
      steps.push({ [first]: operation } as unknown as Step)
    } else if ((flags as readonly string[]).includes(first)) options[first] = true
    else if ((numbers as readonly string[]).includes(first)) options[first] = Number(rest[0])
    else throw new Error(`not a line of a script: ${line}`)
  }
  return { steps, options }
}

export function printWatcherScript({ steps, options }: WatcherScript): string {
  const lines: string[] = []
  if (options.tree !== undefined) lines.push(`tree ${options.tree.join(' ')}`)
  for (const flag of flags) if (options[flag] === true) lines.push(flag)
  for (const number of numbers) {
    if (options[number] !== undefined) lines.push(`${number} ${options[number]}`)
  }
  for (const step of steps) {
    const [[kind, what]] = Object.entries(step) as [[string, Operation | number | true]]
    if (typeof what === 'number') lines.push(`${kind} ${what}`)
    else if (what === true) lines.push(kind)
    else lines.push(`${kind} ${what.call} ${what.path}${'to' in what ? ` ${what.to}` : ''}`)
  }
  return lines.join('\n')
}
