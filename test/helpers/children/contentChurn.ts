// Rewrites and renames files in a directory for so many rounds; each holds its mark and nothing else, however often it
// is written: the number of its inode, and one that no other file has had. At the end it prints, by name, the marks of
// all files that had that name.
import * as fs from 'node:fs'
import { join } from 'node:path'

const [directory, rounds] = [process.argv[2]!, Number(process.argv[3])]
const NAMES = 5
/** The mark of the file that has the name by now, and of all that had it. */
const marks = new Map<string, string>()
const had: Record<string, string[]> = {}

function write(fd: number, mark: string, count: number): void {
  for (let part = 0; part < 4; part++) fs.writeSync(fd, `${mark}\n`.repeat(count))
}

function called(name: string, mark: string): void {
  marks.set(name, mark)
  ;(had[name] ??= []).push(mark)
}

function rename(from: string, to: string): void {
  fs.renameSync(join(directory, from), join(directory, to))
  called(to, marks.get(from)!)
  marks.delete(from)
}

for (let round = 0; round < rounds; round++) {
  const target = `file${round % NAMES}`
  const temporary = `new${round % 3}`
  const made = fs.openSync(join(directory, temporary), 'w')
  const mark = `${fs.fstatSync(made).ino} ${round}`
  called(temporary, mark)
  write(made, mark, 1 + ((round * 37) % 400))
  fs.closeSync(made)
  rename(temporary, target)
  const again = fs.openSync(join(directory, target), 'r+')
  write(again, mark, 1 + ((round * 53) % 600))
  fs.closeSync(again)
  const other = `file${(round + 2) % NAMES}`
  if (round % 2 === 0 && marks.has(other)) rename(other, `file${(round + 3) % NAMES}`)
}
process.stdout.write(JSON.stringify(had))
