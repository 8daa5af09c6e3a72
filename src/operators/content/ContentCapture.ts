import type {
  CapturedContent,
  ContentPreview,
  EventType,
  FileEvent,
  FormerContent,
} from '../../events/index.js'
import { messageOf } from '../../errors/messageOf.js'
import type { ContentAnswer, ContentFound, ContentMissing } from '../../linux/contentReader.js'
import type { ContentStore } from '../../linux/store/contentStore.js'
import { nowMicros } from '../../linux/clock.js'
import type { TreeFile } from '../../linux/readTrees.js'
import { rawOldPathOf, rawPathOf } from '../renames/pathBytes.js'
import { LastContents } from './LastContents.js'
import { PreviewMemory } from './PreviewMemory.js'
import { previewOf, type Side } from './previewOf.js'
import type { Selection } from './Selection.js'

export interface CaptureOptions {
  readonly selection: Selection
  readonly maxMemory: number
  readonly maxBytes: number
  readonly diff: boolean
  readonly store: ContentStore | undefined
}

/** The types at which a file is read. */
export const readTypes: readonly EventType[] = ['CREATE', 'MODIFY', 'CLOSE_WRITE', 'MOVED_TO', 'RENAME']
const reads: ReadonlySet<EventType> = new Set(readTypes)
const farewells: Readonly<Partial<Record<EventType, string>>> = {
  DELETE: 'it was deleted',
  DELETE_SELF: 'it was deleted',
  MOVED_FROM: 'it was moved away',
}
const unknownBefore: Side = { missing: 'it was not seen before' }
const lost: ContentMissing = { missing: 'it is no longer in the store' }
const newBefore: Side = { missing: 'there was no such file' }

/** What one stream knows of the contents of files, and makes of the next. */
export class ContentCapture {
  readonly #options: CaptureOptions
  readonly #last: LastContents
  readonly #previews: PreviewMemory

  constructor(options: CaptureOptions) {
    this.#options = options
    // One half for what files held last, one for what is shown of it.
    this.#last = new LastContents(options.maxMemory / 2, options.store)
    this.#previews = new PreviewMemory(options.maxMemory / 2)
  }

  /** Bytes of memory that contents and previews take: what `maxMemory` bounds. */
  get heldBytes(): number {
    return this.#last.heldBytes + this.#previews.heldBytes
  }

  /** True when the event gets a preview; follows what the others mean for what is known. */
  concerns(event: FileEvent): boolean {
    const { eventType, isDirectory, filePath, contentPreview } = event
    if (filePath === '') return false
    const isAsked = (reads.has(eventType) || eventType in farewells) && contentPreview === undefined
    if (isAsked && !isDirectory) return true
    this.#last.follow(event, rawPathOf(event))
    return false
  }

  /** The version of the event's file that was read last. */
  versionAt(event: FileEvent): string | undefined {
    return this.#last.versionAt(rawPathOf(event))
  }

  /** Remembers what a file held at the start. */
  begin({ path, found }: TreeFile): void {
    if (found.realPath !== '' && this.#options.selection.refusalAt(found.realPath) !== undefined) return
    try {
      this.#options.store?.put(found.sha256, found.bytes)
    } catch {
      // Its first event tells that the store takes nothing.
      return
    }
    this.#last.set(path, found, nowMicros())
  }

  /** Why the file is not to be read. */
  refusal(event: FileEvent): string | undefined {
    return this.#options.selection.refusal(event) ?? farewells[event.eventType]
  }

  /** The event with what its file holds by now, which is remembered. */
  learn(event: FileEvent, told: ContentAnswer): FileEvent {
    const path = rawPathOf(event)
    const answer = 'unchanged' in told ? (this.#last.seen(path) ?? lost) : told
    const isNew = event.eventType === 'CREATE'
    const refusal = this.#refusalOf(event, answer)
    const found = refusal === undefined ? answer : { missing: refusal }
    const before =
      refusal !== undefined ? { missing: refusal } : 'unchanged' in told ? answer : this.#before(event, path)
    const formerContent = this.#formerOf(event, path)
    this.#last.follow(event, path)
    const preview = previewOf(event.filePath, isNew ? newBefore : before, found, isNew, this.#options)
    const rich = formerContent === undefined ? event : event.with({ formerContent })
    if ('missing' in found) {
      this.#last.forget(path)
      return this.#told(rich, preview)
    }
    return this.#keep(rich, path, found, preview)
  }

  /** What the file held at the start, when this is the first event of it and a store has that. */
  #formerOf(event: FileEvent, path: string): FormerContent | undefined {
    if (event.eventType === 'CREATE' || this.#options.store === undefined) return undefined
    const known = this.#last.seen(path)
    const isReplaced = event.oldPath === undefined || known !== undefined
    const place = isReplaced ? path : rawOldPathOf(event)
    const seen = isReplaced ? known : this.#last.seen(place)
    if (seen?.readAt === undefined) return undefined
    return { ...this.#captured(place, seen), timestampMicros: seen.readAt, isOfOldPath: !isReplaced }
  }

  #captured(path: string, { sha256, bytes: { length }, mode }: ContentFound): CapturedContent {
    const bytes = (): Uint8Array | undefined => this.#last.bytesOf(path, sha256)
    return { sha256, size: length, mode, store: this.#options.store?.directory, bytes }
  }

  /** Why nothing of the file may be shown: by its name, or by where the kernel says that it is. */
  #refusalOf(event: FileEvent, answer: ContentFound | ContentMissing): string | undefined {
    const { selection } = this.#options
    const refusal = selection.refusal(event)
    if (refusal !== undefined || 'missing' in answer || answer.realPath === '') return refusal
    return selection.refusalAt(answer.realPath)
  }

  /** What the file held that this event is about or, of a rename to a new name, under the old one. */
  #before(event: FileEvent, path: string): Side {
    const known =
      this.#last.seen(path) ??
      (event.oldPath === undefined ? undefined : this.#last.seen(rawOldPathOf(event)))
    return known ?? unknownBefore
  }

  #keep(event: FileEvent, path: string, found: ContentFound, preview: ContentPreview): FileEvent {
    const { sha256, bytes } = found
    try {
      this.#options.store?.put(sha256, bytes)
    } catch (error) {
      this.#last.forget(path)
      const notStored = messageOf(error)
      return this.#told(event, { ...preview, notStored })
    }
    this.#last.set(path, found)
    return this.#told(event, preview).with({ content: this.#captured(path, found) })
  }

  #told(event: FileEvent, preview: ContentPreview): FileEvent {
    this.#previews.add(preview)
    return event.with({ contentPreview: preview })
  }
}
