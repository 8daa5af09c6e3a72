// Keeps a table of what changed in a shared folder, for a spreadsheet: one row an event, with owner, mode and size.
// Run it beside the folder `shared`; the rows go to logs/audit.csv, also those of the next run.
import { definePipeline } from 'fsflow'
import { addWatchOnMkdir, enrichMetadata, filterKinds, joinRenames, resolvePath } from 'fsflow/operators'
import { csv } from 'fsflow/sinks'
import { inotify } from 'fsflow/sources'

export default definePipeline({
  name: 'audit log',
  source: inotify({ paths: 'shared' }),
  operators: [resolvePath(), addWatchOnMkdir(), joinRenames(), filterKinds('changes'), enrichMetadata()],
  sinks: [
    csv({
      path: 'logs/audit.csv',
      mkdir: true,
      escapeFormulas: true,
      columns: [
        'timestamp',
        'event_type',
        'file_path',
        'old_path',
        'is_directory',
        'file_metadata.owner_name',
        'file_metadata.permissions',
        'file_metadata.size',
      ],
    }),
  ],
})
