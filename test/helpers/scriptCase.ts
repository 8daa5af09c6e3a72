import { readFileSync } from 'node:fs'

/** One step of a script: commands, and the events that they must bring. */
export interface ScriptStep {
  readonly commands: string
  readonly expected: readonly string[]
  /** How many directories have a watch of inotify then; `undefined` where that is not said. */
  readonly watches: number | undefined
}

/**
 * A script file: what a sequence of commands must look like in the stream.
 *
 * ```
 * # The first lines say what it shows.
 * raw                      (renames as halves; without it they are joined)
 * only CREATE DELETE       (other types are left out of the comparison)
 * exclude node_modules     (globs; also: root NAME..., to watch these instead of the directory itself)
 * follow                   (links are followed)
 * inotify                  (for the inotify source only)
 * --- before
 * mkdir -p a/b             (run by sh before the watch starts)
 * --- do
 * mv a c
 * --- expect
 * RENAME a -> c            (a slash at the end: a directory)
 * --- watches
 * 3                        (may be left out: how many directories have a watch of inotify then)
 * ```
 *
 * `do` and `expect` may follow each other several times; after each `do` all must have been told.
 */
export interface ScriptCase {
  readonly about: string
  readonly raw: boolean
  readonly only: readonly string[] | undefined
  readonly exclude: readonly string[]
  readonly roots: readonly string[]
  readonly follow: boolean
  readonly inotifyOnly: boolean
  readonly before: string
  readonly steps: readonly ScriptStep[]
}

const SECTION = /^--- (before|do|expect|watches)$/

export function readScript(file: string): ScriptCase {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const first = lines.findIndex((line) => SECTION.test(line))
  const head = lines.slice(0, first)
  const settings = new Map<string, string[]>()
  for (const line of head.filter((text) => text !== '' && !text.startsWith('#'))) {
    const [key, ...values] = line.split(' ')
    if (!['raw', 'only', 'exclude', 'root', 'follow', 'inotify'].includes(key!))
      throw new Error(`${file}: unknown setting ${key}`)
    settings.set(key!, values)
  }
  let before = ''
  const steps: { commands: string; expected: string[]; watches: number | undefined }[] = []
  let section = ''
  for (const line of lines.slice(first)) {
    const match = SECTION.exec(line)
    if (match !== null) {
      section = match[1]!
      if (section === 'do') steps.push({ commands: '', expected: [], watches: undefined })
    } else if (section === 'before') before += `${line}\n`
    else if (section === 'do') steps.at(-1)!.commands += `${line}\n`
    else if (section === 'watches') steps.at(-1)!.watches = Number(line)
    else if (line !== '') steps.at(-1)!.expected.push(line)
  }
  if (steps.length === 0) throw new Error(`${file}: nothing to do`)
  return {
    about: head
      .filter((line) => line.startsWith('#'))
      .map((line) => line.slice(1).trim())
      .join(' '),
    raw: settings.has('raw'),
    only: settings.get('only'),
    exclude: settings.get('exclude') ?? [],
    roots: settings.get('root') ?? ['.'],
    follow: settings.has('follow'),
    inotifyOnly: settings.has('inotify'),
    before,
    steps,
  }
}
