import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { projectPath } from '../measure/projectPath.js'
import type { TallyMode } from '../programs/Tally.js'
import type { Watcher } from './Watcher.js'

type Missing = Pick<Watcher, 'missing'>

export function hasProgram(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

function needsProgram(program: string, from: string): Missing {
  return hasProgram(program) ? {} : { missing: `${program} is not installed (Debian: ${from})` }
}

function needsPackage(name: string, install: string): Missing {
  try {
    createRequire(projectPath('bench/package.json')).resolve(name)
    return {}
  } catch {
    return { missing: `${name} is not installed (${install})` }
  }
}

const program = (file: string, mode: TallyMode): Pick<Watcher, 'isReady' | 'command'> => ({
  isReady: 'pipe',
  command: (directory) => [
    process.execPath,
    projectPath(`build/bench/programs/${file}.js`),
    ...[directory, mode],
  ],
})

const ofBench = 'npm ci --prefix bench'

export const inotifywait = (toNothing: boolean, flags: readonly string[] = []): Watcher => ({
  name: ['inotifywait -m -r', ...flags, toNothing ? '> /dev/null' : '> file'].join(' '),
  command: (directory) => ['inotifywait', '-m', '-r', ...flags, directory],
  isReady: 'message',
  toNothing,
  ...needsProgram('inotifywait', 'inotify-tools'),
})

export const nodeInotify = (mode: TallyMode = 'count'): Watcher => ({
  name: 'node-inotify by hand',
  ...program('nodeInotifySubscriber', mode),
  ...needsPackage('node-inotify', 'npm ci, with a C++ compiler'),
})

export const parcel = (mode: TallyMode = 'count'): Watcher => ({
  name: '@parcel/watcher',
  ...program('parcelSubscriber', mode),
  ...needsPackage('@parcel/watcher', ofBench),
})

export const chokidar = (mode: TallyMode = 'count'): Watcher => ({
  name: 'chokidar',
  ...program('chokidarSubscriber', mode),
  ...needsPackage('chokidar', ofBench),
})

export const fsWatch = (mode: TallyMode = 'count'): Watcher => ({
  name: 'fs.watch recursive',
  ...program('fsWatchSubscriber', mode),
})

export const fatrace = (): Watcher => ({
  name: 'fatrace -c > file',
  command: () => ['fatrace', '-c'],
  isReady: 'mark',
  ...(process.geteuid?.() === 0
    ? needsProgram('fatrace', 'fatrace')
    : { missing: 'fatrace needs root for fanotify' }),
})
