import { libc, type Libc } from './libc.js'

/** Asks the name services of the system for the name of an id; `null` when none has one. */
export interface NameService {
  userName(uid: number): string | null
  groupName(gid: number): string | null
}

export interface NameServiceOptions {
  /** Milliseconds for which an answer is kept. Default 60,000. */
  readonly keep?: number
  /** How many answers of each kind are kept. Default 1000. */
  readonly maxNames?: number
}

type Call = Libc['getpwuidR']

const ERANGE = 34
const ENOSYS = 38
const MAX_BYTES = 1024 * 1024
// struct passwd and struct group both begin with a pointer to the name, and take less.
const ENTRY_BYTES = 64
const POINTER_BYTES = 8
const wideArchitectures: ReadonlySet<string> = new Set([
  'x64',
  'arm64',
  'riscv64',
  'loong64',
  'ppc64',
  's390x',
])

/**
 * getpwuid_r(3) and getgrgid_r(3): what nsswitch.conf names is asked (LDAP, systemd-homed), in this process. It
 * answers at once or blocks; so each answer, also that there is none, is kept. Where koffi has no build, and where
 * pointers have 32 bits, no id has a name.
 */
export function openNameService({ keep = 60_000, maxNames = 1000 }: NameServiceOptions = {}): NameService {
  const users = new Answers(keep, maxNames, (...given) => libc().getpwuidR(...given))
  const groups = new Answers(keep, maxNames, (...given) => libc().getgrgidR(...given))
  return { userName: (uid) => users.name(uid), groupName: (gid) => groups.name(gid) }
}

interface Answer {
  readonly name: string | null
  readonly at: number
}

class Answers {
  readonly #keep: number
  readonly #maxNames: number
  readonly #call: Call
  readonly #answers = new Map<number, Answer>()

  constructor(keep: number, maxNames: number, call: Call) {
    this.#keep = keep
    this.#maxNames = maxNames
    this.#call = call
  }

  name(id: number): string | null {
    const now = performance.now()
    const kept = this.#answers.get(id)
    if (kept !== undefined && now - kept.at < this.#keep) return kept.name
    const name = ask(this.#call, id)
    if (this.#answers.size >= this.#maxNames) this.#answers.clear()
    this.#answers.set(id, { name, at: now })
    return name
  }
}

function ask(call: Call, id: number): string | null {
  if (!wideArchitectures.has(process.arch)) return null
  const result = Buffer.alloc(POINTER_BYTES)
  for (let size = 2048; size <= MAX_BYTES; size *= 4) {
    // One block for the entry and its texts, so that their pointers can be taken from each other.
    const block = Buffer.alloc(ENTRY_BYTES + size)
    const error = called(() =>
      call(id, block.subarray(0, ENTRY_BYTES), block.subarray(ENTRY_BYTES), size, result),
    )
    if (error === ERANGE) continue
    return error === 0 ? nameIn(block, nativePointer(result)) : null
  }
  return null
}

/** What a call returns; ENOSYS where the C library cannot be reached. */
function called(call: () => number): number {
  try {
    return call()
  } catch {
    return ENOSYS
  }
}

function nameIn(block: Buffer, entry: bigint): string | null {
  if (entry === 0n) return null
  const start = Number(nativePointer(block) - entry)
  // Some service may keep its texts elsewhere.
  if (start < ENTRY_BYTES || start >= block.length) return null
  const end = block.indexOf(0, start)
  return end <= start ? null : block.toString('utf8', start, end)
}

function nativePointer(buffer: Buffer): bigint {
  return new BigUint64Array(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + POINTER_BYTES))[0]!
}
