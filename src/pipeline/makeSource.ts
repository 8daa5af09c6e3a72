import type { Source } from '../contracts/index.js'
import { invalidOption } from '../errors/index.js'
import { auto, fanotify, inotify, type AutoSourceOptions } from '../sources/index.js'

export const watchSourceNames = ['auto', 'inotify', 'fanotify'] as const
export type WatchSourceName = (typeof watchSourceNames)[number]

const sources = { auto, inotify, fanotify } as const

/** The source of a name. Throws FSFLOW_INVALID_OPTION, also for options that it does not have. */
export function makeSource(name: WatchSourceName, options: AutoSourceOptions): Source {
  if (!watchSourceNames.includes(name)) {
    throw invalidOption('watch', 'source', 'is not known', `One of: ${watchSourceNames.join(', ')}.`)
  }
  return sources[name](options)
}
