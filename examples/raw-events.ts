// Shows what the kernel reports, nothing joined and nothing left out: also reading, and renames as two halves.
// For learning what a program does with its files: run it, then save a file in your editor.
import { definePipeline } from 'fsflow'
import { addWatchOnMkdir, resolvePath } from 'fsflow/operators'
import { text } from 'fsflow/sinks'
import { inotify } from 'fsflow/sources'

export default definePipeline({
  name: 'raw events',
  source: inotify({ paths: '.' }),
  operators: [resolvePath(), addWatchOnMkdir()],
  sinks: [text()],
})
