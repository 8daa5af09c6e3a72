import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { projectPath } from '../measure/projectPath.js'
import { Tally } from './Tally.js'

interface ChokidarWatcher {
  on(event: 'all', listener: (type: string, path: string) => void): ChokidarWatcher
  on(event: 'ready' | 'error', listener: () => void): ChokidarWatcher
  close(): Promise<void>
}

// It has no form that require() can load on every version of Node.js.
const file = createRequire(projectPath('bench/package.json')).resolve('chokidar')
const { watch } = (await import(pathToFileURL(file).href)) as {
  watch: (directory: string, options: { ignoreInitial: boolean }) => ChokidarWatcher
}

const tally = new Tally(() => watcher.close())
const watcher = watch(tally.directory, { ignoreInitial: true })
watcher
  .on('all', (_type, path) => tally.saw(path))
  .on('error', () => tally.overflows++)
  .on('ready', () => tally.ready())
