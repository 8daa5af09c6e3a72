// Adds versions to a history until it is killed. Tells each batch once it is on the disk: the path and the digest of
// each version, a line for a batch.
import { createHash, randomBytes } from 'node:crypto'
import { from } from 'rxjs'
import type { FileEvent } from '../../../src/events/index.js'
import { captureContent } from '../../../src/operators/index.js'
import { history } from '../../../src/sinks/index.js'
import { fileEvent } from '../../../src/testing/index.js'

const directory = process.argv[2]!
const writer = await history({ directory }).open({
  signal: new AbortController().signal,
  report: () => undefined,
})

for (let round = 0; ; round++) {
  const events = Array.from({ length: 1 + (round % 5) }, (_, index) =>
    fileEvent(`CLOSE_WRITE /watched/${process.pid}-${index}`, { seq: round }),
  )
  const batch: FileEvent[] = []
  from(events)
    .pipe(
      captureContent({
        store: directory,
        lookup: () => {
          const bytes = randomBytes(1000 + Math.floor(Math.random() * 50_000))
          const sha256 = createHash('sha256').update(bytes).digest('hex')
          return from([{ bytes, sha256, mode: 0o644, realPath: '' }])
        },
      }),
    )
    .subscribe((event) => batch.push(event))
  await writer.write(batch)
  process.stdout.write(batch.map((event) => `${event.filePath}=${event.content!.sha256}`).join(' ') + '\n')
}
