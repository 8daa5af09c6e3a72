// Tries to watch and list paths as another user: `node watchAs.js BINDING UID PATH...`; prints [watch, list] pairs.
import { IN } from '../../../src/linux/inotifyMasks.js'
import { openInotify } from '../../../src/linux/openInotify.js'
import type { BindingName } from '../../../src/linux/openInotify.js'

const [name, uid, ...paths] = process.argv.slice(2)
const binding = openInotify(
  name as BindingName,
  {
    onRecords: () => undefined,
    onMounts: () => undefined,
    onFailure: (error) => {
      throw error
    },
  },
  { backlogBytes: 65_536 },
)
if (process.getuid!() === 0) process.setuid!(Number(uid))
const results = paths.map((path) => {
  const entries = binding.list(path)
  return [binding.addWatch(path, IN.CREATE | IN.ONLYDIR), typeof entries === 'number' ? entries : 0]
})
await binding.close()
process.stdout.write(JSON.stringify(results))
