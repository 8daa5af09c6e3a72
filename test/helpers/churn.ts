import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Each round is five events: CREATE, OPEN, MODIFY, CLOSE_WRITE, DELETE.
const inC = `
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
  if (argc < 3 || chdir(argv[1])) return 1;
  for (long i = atol(argv[2]); i > 0; i--) {
    int fd = open("f", O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) || unlink("f")) return 2;
  }
  return 0;
}
`

const inNode = `
const { closeSync, openSync, unlinkSync, writeSync } = require('node:fs')
process.chdir(process.argv[1])
for (let i = Number(process.argv[2]); i > 0; i--) {
  const fd = openSync('f', 'w')
  writeSync(fd, 'x')
  closeSync(fd)
  unlinkSync('f')
}
`

/** A command that works on one file of a directory as fast as it can; it takes the directory and the rounds. */
export function churnCommand(scratch: string): string[] {
  const source = join(scratch, 'churn.c')
  const program = join(scratch, 'churn')
  writeFileSync(source, inC)
  return spawnSync('cc', ['-O2', '-o', program, source]).status === 0 ? [program] : [process.execPath, '-e', inNode]
}
