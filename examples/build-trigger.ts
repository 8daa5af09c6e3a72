// Prints one line for each source file that was changed, made, renamed or removed, when it has been quiet for
// 200 ms: an editor that saves in several steps gives one line. For a shell loop that builds:
//   fsflow run build-trigger.ts | grep --line-buffered -v MONITOR_ | while read -r line; do make; done
import { definePipeline } from 'fsflow'
import {
  addWatchOnMkdir,
  debounceByPath,
  filterGlob,
  filterKinds,
  joinRenames,
  resolvePath,
} from 'fsflow/operators'
import { text } from 'fsflow/sinks'
import { inotify } from 'fsflow/sources'

export default definePipeline({
  name: 'build trigger',
  source: inotify({ paths: '.' }),
  operators: [
    resolvePath(),
    addWatchOnMkdir(),
    joinRenames(),
    filterGlob({ include: ['*.ts', '*.css'], exclude: ['node_modules', 'dist', '.git'] }),
    filterKinds('CREATE', 'MODIFY', 'DELETE', 'RENAME'),
    debounceByPath(200, { maxWait: 2000 }),
  ],
  sinks: [text()],
})
