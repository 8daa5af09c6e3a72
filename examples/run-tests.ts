// Runs the tests each time the sources have changed and are quiet again, as `fsflow watch src -- npm test` does.
import { definePipeline } from 'fsflow'
import { addWatchOnMkdir, filterGlob, filterKinds, resolvePath, settle } from 'fsflow/operators'
import { exec, text } from 'fsflow/sinks'
import { inotify } from 'fsflow/sources'

export default definePipeline({
  name: 'run tests',
  source: inotify({ paths: ['src'] }),
  operators: [
    resolvePath(),
    addWatchOnMkdir(),
    filterGlob({ include: ['*.ts', '*.json'], exclude: ['node_modules', 'dist'] }),
    filterKinds('changes'),
    settle(200),
  ],
  // What changes during a run is tested when it has ended; onBusy: 'restart' would not wait for that.
  sinks: [text(), exec({ command: ['npm', 'test'], timeout: 600_000 })],
  // Tests that run when it is stopped may end.
  drainTimeout: 30_000,
})
