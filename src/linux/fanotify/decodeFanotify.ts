import type { HandleRecord } from './HandleRecord.js'

// struct fanotify_event_metadata: event_len 4, vers 1, reserved 1, metadata_len 2, mask 8, fd 4, pid 4.
const METADATA_BYTES = 24
const METADATA_VERSION = 3
// struct fanotify_event_info_fid: info_type 1, pad 1, len 2, fsid 8, handle_bytes 4, handle_type 4, f_handle.
const INFO_HEADER_BYTES = 4
const KEY_OFFSET = 4
const HANDLE_BYTES_OFFSET = 12
const HANDLE_OFFSET = 20

const INFO = { FID: 1, DFID_NAME: 2, DFID: 3, OLD_DFID_NAME: 10, NEW_DFID_NAME: 12 } as const

/** What a buffer held; `dropped` counts the bytes in which no record could be recognised. */
export interface DecodedRecords {
  readonly records: HandleRecord[]
  readonly dropped: number
}

/**
 * The records that read(2) on a fanotify descriptor gave.
 *
 * Keys and names are slices of one string: who keeps one for long must detach it (`detached`). What is not as
 * the kernel writes it is dropped and counted, and nothing beyond a record's own length is read for it.
 */
export function decodeFanotify({ buffer, byteOffset, byteLength }: Uint8Array): DecodedRecords {
  const view = new DataView(buffer, byteOffset, byteLength)
  const text = Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
  const records: HandleRecord[] = []
  let offset = 0
  let dropped = 0
  while (offset + METADATA_BYTES <= byteLength) {
    const length = view.getUint32(offset, true)
    const end = offset + length
    // Where a record says a length that cannot be, the next one cannot be found.
    if (length < METADATA_BYTES || end > byteLength) break
    const metadata = view.getUint16(offset + 6, true)
    const isKnown = view.getUint8(offset + 4) === METADATA_VERSION
    const record =
      isKnown && metadata >= METADATA_BYTES && metadata <= length
        ? decodeRecord(view, text, offset, offset + metadata, end)
        : undefined
    if (record === undefined) dropped += length
    else records.push(record)
    offset = end
  }
  return { records, dropped: dropped + byteLength - offset }
}

function decodeRecord(
  view: DataView,
  text: string,
  start: number,
  infos: number,
  end: number,
): HandleRecord | undefined {
  let directory = ''
  let name = ''
  let target = ''
  let oldDirectory = ''
  let oldName = ''
  for (let at = infos; at < end;) {
    if (at + INFO_HEADER_BYTES > end) return undefined
    const type = view.getUint8(at)
    const next = at + view.getUint16(at + 2, true)
    if (next < at + INFO_HEADER_BYTES || next > end) return undefined
    const isNamed = type === INFO.DFID_NAME || type === INFO.NEW_DFID_NAME || type === INFO.OLD_DFID_NAME
    if (isNamed || type === INFO.FID || type === INFO.DFID) {
      if (at + HANDLE_OFFSET > next) return undefined
      const handleEnd = at + HANDLE_OFFSET + view.getUint32(at + HANDLE_BYTES_OFFSET, true)
      if (handleEnd > next) return undefined
      const key = text.slice(at + KEY_OFFSET, handleEnd)
      if (type === INFO.FID) target = key
      else if (type === INFO.DFID) directory = key
      else {
        const nameEnd = text.indexOf('\0', handleEnd)
        if (nameEnd < 0 || nameEnd >= next) return undefined
        const given = text.slice(handleEnd, nameEnd)
        if (type === INFO.OLD_DFID_NAME) {
          oldDirectory = key
          oldName = given
        } else {
          directory = key
          name = given
        }
      }
    }
    at = next
  }
  // No bit beyond the lower half of the mask is in use.
  const mask = view.getUint32(start + 8, true)
  const pid = view.getInt32(start + 20, true)
  return { mask, pid, directory, name, target, oldDirectory, oldName, fence: 0, process: undefined }
}
