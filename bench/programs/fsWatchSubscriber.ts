import { watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { Tally } from './Tally.js'

const tally: Tally = new Tally(() => watcher.close())
const watcher: FSWatcher = watch(tally.directory, { recursive: true })
watcher.on('change', (_type, name) => tally.saw(join(tally.directory, String(name))))
watcher.on('error', () => tally.overflows++)
// It walks the tree before it returns, or in a turn that was asked for before this one.
setImmediate(() => tally.ready())
