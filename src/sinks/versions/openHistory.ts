import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { OwnFile, RunContext, SinkWriter } from '../../contracts/index.js'
import {
  formatTimestamp,
  oldPathKey,
  pathKey,
  type CapturedContent,
  type EventType,
  type FileEvent,
} from '../../events/index.js'
import { escapeControls } from '../../formats/index.js'
import { ObjectStore } from '../../linux/store/ObjectStore.js'
import { indexPath, IndexWriter, type VersionRecord } from '../../linux/store/VersionIndex.js'
import { openError, writeError } from '../output/sinkErrors.js'
import { FsflowError } from '../../errors/index.js'

// Of so many paths it is known which version was the last: of others the same one may come again, which readers skip.
const MAX_PATHS = 100_000

const versionTypes: ReadonlySet<EventType> = new Set<EventType>([
  'CREATE',
  'CLOSE_WRITE',
  'MOVED_TO',
  'RENAME',
])

interface Kept {
  readonly key: string
  readonly content: CapturedContent
  readonly record: VersionRecord
}

/** Opens a store to add versions to it. Rejects with FSFLOW_SINK_OPEN. */
export async function openHistory(directory: string, context: RunContext): Promise<SinkWriter> {
  const destination = { owner: 'history', path: directory, mkdir: false, where: escapeControls(directory) }
  let store: ObjectStore | undefined
  try {
    store = new ObjectStore(directory)
    return new HistoryWriter(store, await IndexWriter.open(store.directory), destination, context)
  } catch (cause) {
    store?.close()
    throw FsflowError.is(cause) ? cause : openError(destination, cause)
  }
}

class HistoryWriter implements SinkWriter {
  readonly ownFiles: readonly OwnFile[]
  readonly #store: ObjectStore
  readonly #index: IndexWriter
  readonly #destination: Parameters<typeof writeError>[0]
  readonly #context: RunContext
  /** The digest of the last version, by path; those that changed last come last. */
  readonly #last = new Map<string, string>()
  #isClosed = false

  constructor(
    store: ObjectStore,
    index: IndexWriter,
    destination: Parameters<typeof writeError>[0],
    context: RunContext,
  ) {
    this.#store = store
    this.#index = index
    this.#destination = destination
    this.#context = context
    const { dev, ino } = index.stats
    const lock = join(store.directory, 'lock')
    const lockStats = statSync(lock, { bigint: true })
    this.ownFiles = [
      { path: indexPath(store.directory), dev, ino },
      { path: lock, dev: lockStats.dev, ino: lockStats.ino },
    ]
  }

  async write(batch: readonly FileEvent[]): Promise<void> {
    if (this.#isClosed)
      throw writeError(this.#destination, new Error('the sink is closed'), batch.length, batch.length)
    try {
      const kept = this.#keep(batch)
      if (kept.length === 0) return
      // The contents before the index: a version that is told has its content.
      await this.#store.sync(new Set(kept.map(({ content }) => content.sha256)))
      await this.#index.append(kept.map(({ record }) => record))
    } catch (cause) {
      // It is not known which of them are on the disk: what is there will be there once more.
      this.#last.clear()
      throw writeError(this.#destination, cause, batch.length, batch.length)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#index.close()
    this.#store.close()
  }

  /** The new versions of a batch, their contents in the store. */
  #keep(batch: readonly FileEvent[]): Kept[] {
    const kept: Kept[] = []
    let lost: FileEvent | undefined
    let lostCount = 0
    for (const event of batch) {
      const { content } = event
      const former = this.#formerOf(event)
      if (former !== undefined) kept.push(former)
      if (event.contentPreview?.notStored !== undefined && isVersion(event)) {
        lost ??= event
        lostCount++
      }
      if (content === undefined || !isVersion(event) || (event.eventType === 'CREATE' && content.size === 0))
        continue
      const key = pathKey(event)
      if (this.#last.get(key) === content.sha256) continue
      if (!this.#has(content)) {
        lost ??= event
        lostCount++
        continue
      }
      this.#remember(key, content.sha256)
      kept.push({ key, content, record: recordOf(event, content) })
    }
    if (lost !== undefined) this.#tellLost(lost, lostCount)
    return kept
  }

  /** What the file held at the start, which is a version too, unless there is none to keep. */
  #formerOf(event: FileEvent): Kept | undefined {
    const { formerContent: content } = event
    if (content === undefined) return undefined
    const key = content.isOfOldPath ? oldPathKey(event) : pathKey(event)
    if (this.#last.has(key) || !this.#has(content)) return undefined
    this.#remember(key, content.sha256)
    const [path, bytes] = content.isOfOldPath
      ? [event.oldPath ?? '', event.oldPathBytes]
      : [event.filePath, event.filePathBytes]
    const record = {
      path,
      ...(bytes !== undefined && { path_bytes: Buffer.from(bytes).toString('base64') }),
      timestamp: formatTimestamp(content.timestampMicros),
      event_type: 'BASELINE',
      sha256: content.sha256,
      size: content.size,
      mode: content.mode,
    }
    return { key, content, record }
  }

  #has(content: CapturedContent): boolean {
    if (content.store === this.#store.directory) return true
    const bytes = content.bytes()
    if (bytes === undefined) return false
    this.#store.put(content.sha256, bytes)
    return true
  }

  #remember(key: string, sha256: string): void {
    this.#last.delete(key)
    this.#last.set(key, sha256)
    if (this.#last.size > MAX_PATHS) this.#last.delete(this.#last.keys().next().value!)
  }

  #tellLost({ filePath, contentPreview }: FileEvent, count: number): void {
    const why = contentPreview?.notStored
    const others = count === 1 ? '' : ` and ${count - 1} more`
    this.#context.report({
      code: 'FSFLOW_CONTENT_LOST',
      message: `history: a version was not kept${others}: ${why ?? 'it was no longer in memory'}`,
      path: filePath,
      hint:
        why === undefined
          ? 'Give captureContent the directory of the history as its store.'
          : 'See that there is space in the directory of the store, and that it can be written to.',
    })
  }
}

/** True when the content is a version: the file was closed, or is there under this name. */
function isVersion({ eventType, synthetic }: FileEvent): boolean {
  return versionTypes.has(eventType) || (eventType === 'MODIFY' && synthetic)
}

function recordOf(event: FileEvent, { sha256, size, mode }: CapturedContent): VersionRecord {
  const { filePathBytes, processDetails } = event
  return {
    path: event.filePath,
    ...(filePathBytes !== undefined && { path_bytes: Buffer.from(filePathBytes).toString('base64') }),
    timestamp: formatTimestamp(event.timestampMicros),
    event_type: event.eventType,
    sha256,
    size,
    mode,
    ...(processDetails && {
      process: {
        pid: processDetails.pid,
        name: processDetails.name,
        username: processDetails.username,
      },
    }),
  }
}
