// Warns of files that anyone may write to. Operators of rxjs stand between those of fsflow; the events about the
// stream itself (isControl) are let through.
import { definePipeline } from 'fsflow'
import { addWatchOnMkdir, enrichMetadata, filterKinds, resolvePath } from 'fsflow/operators'
import { ndjson } from 'fsflow/sinks'
import { inotify } from 'fsflow/sources'
import { filter, map } from 'rxjs'

const OTHERS_MAY_WRITE = 0o002

export default definePipeline({
  name: 'writable by anyone',
  source: inotify({ paths: '.' }),
  operators: [
    resolvePath(),
    addWatchOnMkdir(),
    filterKinds('CREATE', 'ATTRIB', 'MOVED_TO'),
    enrichMetadata(),
    filter((event) => {
      const mode = parseInt(event.fileMetadata?.permissionsOctal ?? '0', 8)
      return (
        event.isControl || (event.fileMetadata?.fileType !== 'symlink' && (mode & OTHERS_MAY_WRITE) !== 0)
      )
    }),
    map((event) => {
      if (event.isControl) return event
      const description = `anyone may write to this ${event.fileMetadata?.fileType ?? 'file'}`
      return event.with({ operationDetails: { description, sizeChange: null } })
    }),
  ],
  sinks: [ndjson()],
})
