// Another user watches a tree: `node sourceAs.js BINDING UID TREE`. In it `closed` belongs to that user and cannot be
// read; it is opened once the watch stands. Prints what was told, and how opening a source on `closed` itself fails.
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { FsflowError } from '../../../src/errors/index.js'
import type { BindingName } from '../../../src/linux/openInotify.js'
import { inotify } from '../../../src/sources/inotify.js'
import { SourceProbe, sourceRequest } from '../SourceProbe.js'

const [name, uid, tree] = process.argv.slice(2) as [string, string, string]
const binding = name as BindingName
const closed = join(tree, 'closed')
process.setuid!(Number(uid))

const refused = new SourceProbe({ paths: closed, binding })
await refused.over()
const report = await inotify({ paths: closed, binding }).check(sourceRequest())

const probe = await new SourceProbe({ paths: tree, binding }).ready()
chmodSync(closed, 0o700)
await probe.sees('CREATE', join(closed, 'sub', 'f'))
await probe.stop()

const codeOf = (error: unknown) =>
  FsflowError.is(error) ? `${error.code} ${error.path ?? ''}` : String(error)
process.stdout.write(
  JSON.stringify({
    refused: codeOf(refused.error),
    problems: report.problems.map(codeOf),
    controls: probe.controls,
    issues: probe.issues,
    told: probe.told(tree),
  }),
)
