import type { WatchOptions } from '../../src/index.js'
import { projectPath } from '../measure/projectPath.js'
import type { TallyMode } from '../programs/Tally.js'
import type { Watcher } from './Watcher.js'

type SubscriberOptions = Omit<WatchOptions, 'signal' | 'onIssue'>

const everything: SubscriberOptions = { raw: true, events: 'all' }

/** A subscriber of `watch()` in a process of its own. With `filter`, what that glob matches is dropped after it. */
export function fsflowLibrary(
  name = 'fsflow library',
  options: SubscriberOptions = everything,
  mode: TallyMode = 'count',
  filter?: string,
): Watcher {
  const program = projectPath('build/bench/programs/fsflowSubscriber.js')
  const settings = JSON.stringify({ options, filter })
  return {
    name,
    isReady: 'pipe',
    command: (directory) => [process.execPath, program, directory, mode, settings],
  }
}

/** `fsflow watch` with some flags, with its output in a file; by inotify, unless the flags say otherwise. */
export function fsflowCommand(flags: string): Watcher {
  const words = flags.split(' ')
  const source = words.includes('--source') ? [] : ['--source', 'inotify']
  return {
    name: `fsflow watch ${flags} > file`,
    isReady: 'first line',
    command: (directory) => [
      process.execPath,
      projectPath('dist/cli/main.js'),
      ...['watch', directory, ...source, ...words],
    ],
  }
}
