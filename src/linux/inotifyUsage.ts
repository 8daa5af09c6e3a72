import { readdirSync, readFileSync } from 'node:fs'

export interface InotifyUser {
  readonly pid: number
  readonly name: string
  readonly instances: number
  readonly watches: number
}

/** Every process that holds inotify watches and whose fdinfo can be read, the largest first. */
export function inotifyUsers(): InotifyUser[] {
  const users: InotifyUser[] = []
  for (const entry of names('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    let instances = 0
    let watches = 0
    for (const fd of names(`/proc/${entry}/fdinfo`)) {
      const info = text(`/proc/${entry}/fdinfo/${fd}`)
      if (!info.includes('\ninotify wd:')) continue
      instances++
      watches += info.split('\ninotify wd:').length - 1
    }
    if (instances > 0) {
      users.push({ pid: Number(entry), name: text(`/proc/${entry}/comm`).trimEnd(), instances, watches })
    }
  }
  return users.sort((a, b) => b.watches - a.watches)
}

// Processes come and go while they are looked at: what cannot be read is left out.
function names(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
