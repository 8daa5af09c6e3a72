// Another user tries to watch a tree: `node fanotifyAs.js UID TREE`. Prints how that fails, and what a check says.
import { FsflowError } from '../../../src/errors/index.js'
import { fanotify } from '../../../src/sources/fanotify.js'
import { SourceProbe, sourceRequest } from '../SourceProbe.js'

const [uid, tree] = process.argv.slice(2) as [string, string]
process.setgid!(Number(uid))
process.setuid!(Number(uid))

const probe = new SourceProbe(fanotify({ paths: tree }))
await probe.over()
const { problems } = await fanotify({ paths: tree }).check(sourceRequest())
const { error } = probe
process.stdout.write(
  JSON.stringify({
    error: FsflowError.is(error)
      ? { code: error.code, message: error.message, hint: error.hint }
      : { message: String(error) },
    problems: problems.map(({ message }) => message),
  }),
)
