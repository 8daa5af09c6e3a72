import { posix } from 'node:path'
import type { FileEvent, ProcessDetails } from '../events/index.js'

/** What the schemas of others ask for and an event does not have. */
export interface SchemaContext {
  /** Unique among all events that go to the same place. */
  readonly id: string
  /** The name of the machine. */
  readonly host: string
}

/** Who did it: proven, likely, or not known. Neither a guess nor a missing process is told as a fact. */
export function actorOf(event: FileEvent): 'known' | 'inferred' | 'unknown' {
  const { processDetails } = event
  if (processDetails === undefined || processDetails === null) return 'unknown'
  return processDetails.resolution === 'open-files' ? 'inferred' : 'known'
}

/** A path in its parts; the root directory has a name too. */
export function partsOf(path: string): {
  readonly name: string
  readonly directory: string
  readonly extension: string
} {
  return {
    name: posix.basename(path) || path,
    directory: posix.dirname(path),
    extension: posix.extname(path).slice(1),
  }
}

/** The process that started it, as far as it is known. */
export function parentOf({ ppid, ancestors }: ProcessDetails): {
  readonly pid?: number
  readonly name?: string | null
  readonly exePath?: string | null
} {
  const first = ancestors?.[0]
  if (first !== undefined) return first
  return ppid === null ? {} : { pid: ppid }
}

/** One sentence, if the event has one. */
export function messageOf(event: FileEvent): string | undefined {
  return event.controlDetails?.message ?? event.operationDetails?.description
}

/** The object without what is not known, and without objects that hold nothing then; `undefined` when it is empty. */
export function known<T extends object>(fields: T): T | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T)
}

/** Raw bytes as text, for names that are not UTF-8. */
export function base64(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** What no schema has a field for; the names are those of the wire form. */
export function ownFields(event: FileEvent): Record<string, unknown> | undefined {
  const { processDetails: process, controlDetails: control } = event
  const { filePathBytes, oldPathBytes, operationDetails, contentPreview } = event
  return known({
    actor: event.isControl ? undefined : actorOf(event),
    process_unknown: event.processUnknown,
    process_resolution: process?.resolution,
    process_inferred: process?.inferred,
    file_path_bytes: base64(filePathBytes),
    old_path_bytes: base64(oldPathBytes),
    synthetic: event.synthetic ? true : undefined,
    merged: event.merged ? true : undefined,
    cookie: event.cookie,
    batch_id: event.batchId,
    batch_size: event.batchSize,
    size_change: operationDetails?.sizeChange,
    diff_summary: contentPreview?.diffSummary,
    hint: control?.hint,
    counts: control?.counts,
  })
}
