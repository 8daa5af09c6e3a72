import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Each round is five events: OPEN, MODIFY, CLOSE_WRITE, MOVED_FROM, MOVED_TO; the first also has a CREATE. Nothing is
// removed: who looks through /proc can delay a close until after that, and then it is not told.
const inC = `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
  if (argc < 3 || chdir(argv[1])) return 1;
  for (long i = 0; i < atol(argv[2]); i++) {
    const char *name = i % 2 ? "g" : "f", *next = i % 2 ? "f" : "g";
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) || rename(name, next)) return 2;
  }
  return 0;
}
`

const inNode = `
const { closeSync, openSync, renameSync, writeSync } = require('node:fs')
process.chdir(process.argv[1])
for (let i = 0; i < Number(process.argv[2]); i++) {
  const [name, next] = i % 2 ? ['g', 'f'] : ['f', 'g']
  const fd = openSync(name, 'a')
  writeSync(fd, 'x')
  closeSync(fd)
  renameSync(name, next)
}
`

/** A command that works on one file of a directory as fast as it can; it takes the directory and the rounds. */
export function churnCommand(scratch: string): string[] {
  const source = join(scratch, 'churn.c')
  const program = join(scratch, 'churn')
  writeFileSync(source, inC)
  const compiled = spawnSync('cc', ['-O2', '-o', program, source]).status === 0
  return compiled ? [program] : [process.execPath, '-e', inNode]
}
