import { FsflowError } from '../../../src/errors/index.js'
import { csv, json, ndjson, text } from '../../../src/sinks/index.js'
import { sinkContext } from '../../helpers/sinkContext.js'

// As a user without rights, checks and opens each path with the sink; prints how each was refused, as JSON.

const [name, ...paths] = process.argv.slice(2)
const create = Object.entries({ text, ndjson, json, csv }).find(([key]) => key === name)![1]
process.setgroups!([])
process.setgid!(65534)
process.setuid!(65534)

const refusals: string[] = []
for (const path of paths) {
  for (const call of [() => create({ path }).check(), () => create({ path }).open(sinkContext())]) {
    await call().then(
      () => refusals.push('not refused'),
      (error: unknown) =>
        refusals.push(FsflowError.is(error) ? `${error.code} ${error.message}` : String(error)),
    )
  }
}
process.stdout.write(JSON.stringify(refusals))
