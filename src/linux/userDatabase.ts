import { readFileSync, statSync } from 'node:fs'
import { openNameService, type NameService } from './nameService.js'

/** Names for the ids that lstat(2) and /proc give. */
export interface UserDatabase {
  /** `null` when the database has no name for the id. */
  userName(uid: number): string | null
  groupName(gid: number): string | null
}

export interface UserDatabaseOptions {
  /** Default `/etc/passwd`. */
  readonly passwd?: string
  /** Default `/etc/group`. */
  readonly group?: string
  /** Who is asked for ids that the files do not have. Default nobody. */
  readonly nameService?: NameService
  /** Milliseconds for which a file is taken as unchanged. Default 1000. */
  readonly checkEvery?: number
}

const MAX_BYTES = 16 * 1024 * 1024

/**
 * The names of passwd(5) and group(5), read from the files themselves: no program is started. Each file is read
 * again when it was changed or replaced. Users that only a name service (LDAP, systemd-homed) knows have a name when
 * one is given.
 */
export function openUserDatabase(options: UserDatabaseOptions = {}): UserDatabase {
  const { passwd = '/etc/passwd', group = '/etc/group', checkEvery = 1000, nameService } = options
  const users = new NameFile(passwd, checkEvery)
  const groups = new NameFile(group, checkEvery)
  return {
    userName: (uid) => users.name(uid) ?? nameService?.userName(uid) ?? null,
    groupName: (gid) => groups.name(gid) ?? nameService?.groupName(gid) ?? null,
  }
}

/** Lines of `name:password:id:...`, as both files have them. */
class NameFile {
  readonly #path: string
  readonly #checkEvery: number
  #checked = -Infinity
  #version = ''
  #names: ReadonlyMap<number, string> = new Map()

  constructor(path: string, checkEvery: number) {
    this.#path = path
    this.#checkEvery = checkEvery
  }

  name(id: number): string | null {
    const now = performance.now()
    if (now - this.#checked >= this.#checkEvery) {
      this.#checked = now
      this.#refresh()
    }
    return this.#names.get(id) ?? null
  }

  #refresh(): void {
    try {
      const stat = statSync(this.#path, { bigint: true })
      const version = `${stat.dev}:${stat.ino}:${stat.mtimeNs}:${stat.size}`
      if (version === this.#version) return
      this.#names = stat.size > MAX_BYTES ? new Map() : parse(readFileSync(this.#path, 'utf8'))
      this.#version = version
    } catch {
      // A minimal container has neither file: then no id has a name.
      this.#names = new Map()
      this.#version = ''
    }
  }
}

function parse(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':', 3)
    // As getpwuid(3): the first line with an id wins; lines of NIS ("+", "-") are none.
    if (name === undefined || name === '' || id === undefined || !/^\d+$/.test(id) || /^[+-]/.test(name))
      continue
    if (!names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}

/** The system's own. */
export const userDatabase: UserDatabase = openUserDatabase({ nameService: openNameService() })
