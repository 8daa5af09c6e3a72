// Saves files again and again, so many a second, each time with another content; when all is done it prints each save:
// the file, the digest, when it was closed, and when the next save of the file began.
import { createHash, randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Save } from './historyLoad.js'

const [directory, saves, files, maxBytes, perSecond] = process.argv.slice(2) as [string, ...string[]]

/** Text of which about half is news, as source text is. */
function content(size: number): Buffer {
  return Buffer.from(
    randomBytes(Math.ceil(size / 2))
      .toString('hex')
      .slice(0, size),
  )
}

const list: Save[] = []
const latest = new Map<string, Save>()
const began = Date.now()
for (let count = 0; count < Number(saves); count++) {
  const ahead = began + (count * 1000) / Number(perSecond) - Date.now()
  if (ahead > 5) await sleep(ahead)
  const path = join(directory, `file${count % Number(files)}`)
  const bytes = content(1000 + Math.floor(Math.random() * (Number(maxBytes) - 1000)))
  const before = latest.get(path)
  if (before !== undefined) before.until = Date.now()
  fs.writeFileSync(path, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const save: Save = { path, sha256, size: bytes.length, closed: Date.now(), until: Infinity }
  latest.set(path, save)
  list.push(save)
}
process.stdout.write(
  JSON.stringify(list.map((save) => ({ ...save, until: save.until === Infinity ? null : save.until }))),
)
