import { randomInt } from 'node:crypto'
import { FsflowError } from '../../errors/index.js'
import { EAGAIN, EINTR, errnoName } from '../errno.js'
import { libc, type Libc } from '../libc.js'
import { decodeProcEvents } from './decodeProcEvents.js'

const AF_NETLINK = 16
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const NETLINK_CONNECTOR = 11
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const CN_IDX_PROC = 1
const PROC_CN_MCAST_LISTEN = 1
const PROC_CN_MCAST_IGNORE = 2

const QUEUE_BYTES = 32 * 1024 * 1024
const DATAGRAM_BYTES = 4096

/**
 * The kernel's messages of forks, execs, changes of user, renamings and exits of all processes.
 *
 * Each read(2) of `fd` gives one message; ENOBUFS says that messages were lost. Needs CAP_NET_ADMIN and the first
 * namespaces of users and of processes. See connector.rst and cn_proc.h of the kernel.
 */
export class ProcConnector {
  readonly fd: number
  readonly #c: Libc
  readonly #mark = randomInt(0x7fff_ffff)

  /** Throws FSFLOW_KERNEL, or FSFLOW_PERMISSION where the right or the namespace is missing. */
  constructor() {
    this.#c = libc()
    this.fd = this.#c.socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_CONNECTOR)
    if (this.fd < 0) throw failure('socket', this.#c.errno())
    try {
      this.#subscribe()
    } catch (error) {
      this.#c.close(this.fd)
      throw error
    }
  }

  #subscribe(): void {
    const size = Buffer.alloc(4)
    size.writeInt32LE(QUEUE_BYTES)
    // Without CAP_NET_ADMIN in the namespace it fails; the size that there is must then do.
    this.#c.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4)
    // sockaddr_nl: family, port (0: the kernel chooses), groups.
    const address = Buffer.alloc(12)
    address.writeUInt16LE(AF_NETLINK, 0)
    address.writeUInt32LE(CN_IDX_PROC, 8)
    if (this.#c.bind(this.fd, address, address.length) < 0) throw failure('bind', this.#c.errno())
    this.#send(PROC_CN_MCAST_LISTEN)
    this.#awaitAnswer()
  }

  #send(operation: number): void {
    const message = Buffer.alloc(40)
    message.writeUInt32LE(message.length, 0)
    message.writeUInt16LE(3, 4) // NLMSG_DONE
    message.writeUInt32LE(CN_IDX_PROC, 16)
    message.writeUInt32LE(1, 20) // CN_VAL_PROC
    message.writeUInt32LE(this.#mark, 28)
    message.writeUInt16LE(4, 32)
    message.writeUInt32LE(operation, 36)
    if (this.#c.send(this.fd, message, message.length, 0) < 0) throw failure('send', this.#c.errno())
  }

  /** The kernel answers within send(2), but in a namespace of its own it says nothing at all. */
  #awaitAnswer(): void {
    const buffer = new ArrayBuffer(DATAGRAM_BYTES)
    for (;;) {
      const count = this.#c.read(this.fd, new Uint8Array(buffer), DATAGRAM_BYTES)
      const errno = count < 0 ? this.#c.errno() : 0
      if (errno === EINTR) continue
      if (errno === EAGAIN) {
        throw notAllowed('the kernel gives no process events to a user or process namespace of its own')
      }
      if (errno !== 0) throw failure('read', errno)
      for (const event of decodeProcEvents(buffer.slice(0, count))) {
        // What other programs asked is answered here too; ours with the mark that we sent, and one more.
        if (event.kind !== 'answer' || event.ack !== this.#mark + 1) continue
        if (event.errno === 0) return
        throw notAllowed(`the kernel refused process events: ${errnoName(event.errno)}`)
      }
    }
  }

  close(): void {
    try {
      this.#send(PROC_CN_MCAST_IGNORE)
    } catch {
      // The kernel counts listeners only to save work: closing is what ends it.
    }
    this.#c.close(this.fd)
  }
}

function failure(call: string, errno: number): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_KERNEL',
    message: `process events: ${call} failed: ${errnoName(errno)}`,
  })
}

function notAllowed(message: string): FsflowError {
  return new FsflowError({
    code: 'FSFLOW_PERMISSION',
    message,
    hint: 'They need CAP_NET_ADMIN, outside of containers.',
  })
}
