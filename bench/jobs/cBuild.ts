import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../measure/runProgram.js'
import { hasProgram } from '../watchers/peers.js'
import type { Job } from './Job.js'

export const cBuild = (sources: number): Job => ({
  name: 'C build',
  work: `a build of ${sources} C sources, one after the other`,
  ...(!hasProgram('cc') && { missing: 'cc is not installed' }),
  prepare: () =>
    Promise.resolve({
      place(directory) {
        mkdirSync(join(directory, 'out'))
        for (let i = 0; i < sources; i++) {
          writeFileSync(
            join(directory, `unit${i}.c`),
            `#include <stdio.h>\n#include <stdlib.h>\nint unit${i}(int n) { return printf("%d", n + ${i}); }\n`,
          )
        }
        return Promise.resolve()
      },
      run: (directory) =>
        runProgram(['sh', '-c', 'for f in *.c; do cc -O1 -c "$f" -o "out/$f.o" || exit 1; done'], directory),
    }),
})
