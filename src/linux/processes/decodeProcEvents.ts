/** What the proc connector tells, cut down to what identifies a process. `at`: CLOCK_MONOTONIC in milliseconds. */
export type ProcEvent =
  | { readonly kind: 'fork'; readonly at: number; readonly pid: number; readonly parent: number }
  | { readonly kind: 'exec'; readonly at: number; readonly pid: number }
  | { readonly kind: 'uid' | 'gid'; readonly at: number; readonly pid: number; readonly effective: number }
  | { readonly kind: 'comm'; readonly at: number; readonly pid: number; readonly name: string }
  | { readonly kind: 'exit'; readonly at: number; readonly pid: number; readonly parent: number | null }
  | { readonly kind: 'answer'; readonly at: number; readonly errno: number; readonly ack: number }

// Offsets in a message: nlmsghdr (16 bytes), cn_msg (20 bytes), proc_event with its data from byte 52 on.
const CN_IDX = 16
const CN_ACK = 28
const WHAT = 36
const TIME = 44
const DATA = 52

const CN_IDX_PROC = 1
const what = { none: 0, fork: 1, exec: 2, uid: 4, gid: 0x40, comm: 0x200, exit: 0x8000_0000 } as const

const COMM_BYTES = 16

/**
 * The messages in a buffer that reads of a proc connector socket filled, one datagram after the other.
 *
 * Threads are no processes: what is told of a thread other than the first of its process is left out. A message
 * that is cut short or of a kind that does not bear on identity is left out too.
 */
export function decodeProcEvents(buffer: ArrayBuffer): ProcEvent[] {
  const view = new DataView(buffer)
  const events: ProcEvent[] = []
  let offset = 0
  while (offset + DATA <= buffer.byteLength) {
    const length = view.getUint32(offset, true)
    // A length that cannot be: where the next message begins is not known.
    if (length < DATA || offset + length > buffer.byteLength) break
    if (view.getUint32(offset + CN_IDX, true) === CN_IDX_PROC) {
      const event = decodeOne(view, offset, length)
      if (event !== undefined) events.push(event)
    }
    // Messages begin at multiples of four.
    offset += (length + 3) & ~3
  }
  return events
}

function decodeOne(view: DataView, offset: number, length: number): ProcEvent | undefined {
  const at =
    (view.getUint32(offset + TIME + 4, true) * 0x1_0000_0000 + view.getUint32(offset + TIME, true)) / 1e6
  const has = (bytes: number): boolean => length >= DATA + bytes
  const word = (index: number): number => view.getUint32(offset + DATA + 4 * index, true)
  const isProcess = (): boolean => word(0) === word(1)
  switch (view.getUint32(offset + WHAT, true)) {
    case what.none:
      return has(4)
        ? { kind: 'answer', at, errno: word(0), ack: view.getUint32(offset + CN_ACK, true) }
        : undefined
    case what.fork:
      return has(16) && word(2) === word(3) ? { kind: 'fork', at, pid: word(3), parent: word(1) } : undefined
    case what.exec:
      return has(8) ? { kind: 'exec', at, pid: word(1) } : undefined
    case what.uid:
      return has(16) && isProcess() ? { kind: 'uid', at, pid: word(1), effective: word(3) } : undefined
    case what.gid:
      return has(16) && isProcess() ? { kind: 'gid', at, pid: word(1), effective: word(3) } : undefined
    case what.comm:
      return has(8 + COMM_BYTES) && isProcess()
        ? { kind: 'comm', at, pid: word(1), name: commAt(view, offset + DATA + 8) }
        : undefined
    case what.exit:
      // The parent is told since Linux 4.18.
      return has(8) && isProcess()
        ? { kind: 'exit', at, pid: word(1), parent: has(24) ? word(5) : null }
        : undefined
    default:
      return undefined
  }
}

function commAt(view: DataView, offset: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, COMM_BYTES)
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? COMM_BYTES : end)
}
