import { eventTypes, type FileEvent } from '../events/index.js'
import { quote, startText, typeText } from './toJson.js'
import { toNdjson } from './toNdjson.js'
import type { Utf8Buffer } from './Utf8Buffer.js'

const SPACE = 0x20
const QUOTE = 0x22
const ZERO = 0x30
const BACKSLASH = 0x5c
const TILDE = 0x7e

const nothing: Uint8Array = Buffer.alloc(0)

const typeBytes = new Map(eventTypes.map((type) => [type, Buffer.from(typeText(type))]))

/** True for an event that has no field but those that every event has. */
function isPlain(event: FileEvent): boolean {
  return (
    event.filePathBytes === undefined &&
    event.oldPath === undefined &&
    event.oldPathBytes === undefined &&
    event.cookie === undefined &&
    !event.synthetic &&
    !event.merged &&
    event.batchId === undefined &&
    event.batchSize === undefined &&
    event.fileMetadata === undefined &&
    event.processDetails === undefined &&
    event.processUnknown === undefined &&
    event.operationDetails === undefined &&
    event.contentPreview === undefined &&
    event.controlDetails === undefined
  )
}

/** Writes a number over the digits at the end; false when they are not as many as it has. */
function putDigits(bytes: Uint8Array, from: number, number: number): boolean {
  let rest = number
  for (let i = bytes.length - 1; i >= from; i--) {
    const tens = Math.floor(rest / 10)
    bytes[i] = ZERO + (rest - tens * 10)
    rest = tens
  }
  return rest === 0 && (bytes[from] !== ZERO || bytes.length - from === 1)
}

/**
 * Events as the bytes of `toNdjson`. What an event has in common with the one before, its time or its path, is kept as
 * bytes and copied: it takes half the CPU of making a text of it first.
 */
export class NdjsonEncoder {
  #micros = NaN
  #start = ''
  /** The start of a line up to the digits of the last `seq`, which are behind `#digitsAt`. */
  #head: Uint8Array = nothing
  #digitsAt = 0
  #path = ''
  #isDirectory: boolean | undefined
  #source = ''
  /** What ends a line behind its path. */
  #tail: Uint8Array = nothing
  /** The same with the path. */
  #end: Uint8Array = nothing
  #room = nothing

  append(event: FileEvent, to: Utf8Buffer): void {
    const type = typeBytes.get(event.eventType)
    if (type === undefined || !isPlain(event)) {
      to.text(toNdjson(event))
      return
    }
    this.#setHead(event.timestampMicros, event.seq)
    this.#setEnd(event.filePath, event.isDirectory, event.source)
    to.append(this.#head, type, this.#end)
  }

  #setHead(micros: number, seq: number): void {
    const isNumber = Number.isSafeInteger(seq) && seq >= 0
    if (micros === this.#micros && isNumber && putDigits(this.#head, this.#digitsAt, seq)) return
    if (micros !== this.#micros) {
      this.#micros = micros
      this.#start = startText(micros)
    }
    this.#head = Buffer.from(`${this.#start}${seq}`)
    this.#digitsAt = this.#start.length
  }

  #setEnd(path: string, isDirectory: boolean, source: string): void {
    if (isDirectory !== this.#isDirectory || source !== this.#source) {
      this.#isDirectory = isDirectory
      this.#source = source
      this.#tail = Buffer.from(`","is_directory":${isDirectory},"source":${quote(source)}}\n`)
    } else if (path === this.#path) return
    this.#path = path
    this.#end =
      this.#plainEnd(path) ?? Buffer.from(quote(path).slice(0, -1) + Buffer.from(this.#tail).toString())
  }

  /** `undefined` for a path with characters that have to be escaped, or are of more than one byte. */
  #plainEnd(path: string): Uint8Array | undefined {
    const { length } = path
    const end = 1 + length + this.#tail.length
    if (end > this.#room.length) this.#room = Buffer.allocUnsafe(end * 2)
    const room = this.#room
    room[0] = QUOTE
    for (let i = 0; i < length; i++) {
      const unit = path.charCodeAt(i)
      if (unit < SPACE || unit > TILDE || unit === QUOTE || unit === BACKSLASH) return undefined
      room[1 + i] = unit
    }
    room.set(this.#tail, 1 + length)
    return room.subarray(0, end)
  }
}
