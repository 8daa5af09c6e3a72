// Keeps a log of what changes in the folder `shared` for a month: a new file every day, or sooner when it is large,
// and the old ones compressed. Run it beside that folder; read all of it with `zcat -f logs/changes.ndjson*`.
import { definePipeline } from 'fsflow'
import { addWatchOnMkdir, filterKinds, joinRenames, resolvePath } from 'fsflow/operators'
import { file } from 'fsflow/sinks'
import { inotify } from 'fsflow/sources'

export default definePipeline({
  name: 'rotated log',
  source: inotify({ paths: 'shared' }),
  operators: [resolvePath(), addWatchOnMkdir(), joinRenames(), filterKinds('changes')],
  sinks: [
    file({
      path: 'logs/changes.ndjson',
      mkdir: true,
      rotate: { interval: '1d', size: 100 * 1024 * 1024, keep: 30, compress: true },
    }),
  ],
})
