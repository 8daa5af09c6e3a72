// Rewrites and renames files in a directory for so many rounds; each holds the number of its inode and nothing else,
// however often it is written.
import * as fs from 'node:fs'
import { join } from 'node:path'

const [directory, rounds] = [process.argv[2]!, Number(process.argv[3])]
const NAMES = 5

function write(fd: number, count: number): void {
  const line = `${fs.fstatSync(fd).ino}\n`
  for (let part = 0; part < 4; part++) fs.writeSync(fd, line.repeat(count))
}

for (let round = 0; round < rounds; round++) {
  const target = join(directory, `file${round % NAMES}`)
  const temporary = join(directory, `new${round % 3}`)
  const made = fs.openSync(temporary, 'w')
  write(made, 1 + ((round * 37) % 400))
  fs.closeSync(made)
  fs.renameSync(temporary, target)
  const again = fs.openSync(target, 'r+')
  write(again, 1 + ((round * 53) % 600))
  fs.closeSync(again)
  const other = join(directory, `file${(round + 2) % NAMES}`)
  if (round % 2 === 0 && fs.existsSync(other))
    fs.renameSync(other, join(directory, `file${(round + 3) % NAMES}`))
}
