// Takes the callback of a watch away from the addon node-inotify, as the addon does itself at IN_IGNORED, and prints
// what is told nevertheless: `node withoutCallback.js DIRECTORY`.
import { writeFileSync } from 'node:fs'
import Module from 'node:module'
import { join } from 'node:path'

interface Addon {
  Inotify: new () => Record<string, unknown>
}

const directory = process.argv[2]!
const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown }
const load = loader._load.bind(loader)
let handle: Record<string, unknown> = {}
loader._load = (request, ...rest) => {
  const loaded = load(request, ...rest)
  if (request !== 'node-inotify') return loaded
  const { Inotify } = loaded as Addon
  return {
    Inotify: function () {
      handle = new Inotify()
      return handle
    },
  }
}

const { InotifyProbe } = await import('../InotifyProbe.js')
const { IN } = await import('../../../src/linux/inotifyMasks.js')
const probe = new InotifyProbe('node-inotify')
const wd = probe.binding.addWatch(directory, IN.CREATE)
writeFileSync(join(directory, 'f'), '')
await probe.settled()
if (!Object.hasOwn(handle, String(wd))) throw new Error('the addon keeps its callbacks elsewhere')
Reflect.deleteProperty(handle, String(wd))
writeFileSync(join(directory, 'g'), '')
await probe.settled()
await probe.binding.close()
process.stdout.write(JSON.stringify(probe.told))
