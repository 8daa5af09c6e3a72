// In a user namespace of its own: `node watchLimited.js BINDING WATCHES INSTANCES PATH...`. Opens an instance under
// these limits and watches the paths; prints the results, or the error that opening gave.
import { writeFileSync } from 'node:fs'
import { FsflowError } from '../../../src/errors/index.js'
import { IN } from '../../../src/linux/inotifyMasks.js'
import { openInotify, type BindingName } from '../../../src/linux/openInotify.js'

const [name, watches, instances, ...paths] = process.argv.slice(2)
writeFileSync('/proc/sys/user/max_inotify_watches', watches!)
writeFileSync('/proc/sys/user/max_inotify_instances', instances!)
try {
  const listener = {
    onRecords: () => undefined,
    onMounts: () => undefined,
    onFailure: (error: Error) => {
      throw error
    },
  }
  const binding = openInotify(name as BindingName, listener, { backlogBytes: 65_536 })
  const results = paths.map((path) => binding.addWatch(path, IN.CREATE))
  await binding.close()
  process.stdout.write(JSON.stringify({ results }))
} catch (error) {
  if (!FsflowError.is(error)) throw error
  const { code, message, path, hint } = error
  process.stdout.write(JSON.stringify({ error: { code, message, path, hint } }))
}
