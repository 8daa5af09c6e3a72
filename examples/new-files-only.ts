// Tells each file that arrives in `inbox`, once, half a second after the last write to it. A file that is uploaded
// as name.part and then renamed arrives with the rename.
import { definePipeline } from 'fsflow'
import {
  addWatchOnMkdir,
  debounceByPath,
  filterGlob,
  filterKinds,
  joinRenames,
  resolvePath,
} from 'fsflow/operators'
import { ndjson } from 'fsflow/sinks'
import { inotify } from 'fsflow/sources'
import { filter } from 'rxjs'

export default definePipeline({
  name: 'new files only',
  source: inotify({ paths: 'inbox' }),
  operators: [
    resolvePath(),
    addWatchOnMkdir(),
    joinRenames(),
    filterGlob({ exclude: ['*.part', '*.tmp'] }),
    // The debouncer has to see the writes: they keep the CREATE waiting.
    debounceByPath(500),
    filterKinds('CREATE'),
    filter((event) => !event.isDirectory),
  ],
  sinks: [ndjson()],
})
