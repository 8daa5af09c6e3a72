import { defaultIfEmpty, map, of, take, type Observable } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { rejectUnknownOptions } from '../errors/index.js'
import type { EventType, FileMetadata } from '../events/index.js'
import { lookupFileMetadata } from '../linux/fileStat.js'
import { enrichEach } from './support/enrichEach.js'
import { optionObject, requireLookup } from './support/optionChecks.js'

/**
 * Tells what is known of a file, or `null` when it is not there. `bytes` is the raw path of a name that is not
 * valid UTF-8. Only the first value counts.
 */
export type MetadataLookup = (path: string, bytes?: Uint8Array) => Observable<FileMetadata | null>

export interface EnrichMetadataOptions {
  /** Where the metadata comes from. Default lstat(2), at once. */
  readonly lookup?: MetadataLookup
}

const goneTypes: ReadonlySet<EventType> = new Set<EventType>(['DELETE', 'MOVED_FROM', 'DELETE_SELF'])

/**
 * Adds `fileMetadata`: owner, permissions, size and times of the file, by one lstat(2) an event.
 *
 * ```
 * source:           --c-----d--|    c: CREATE /a    d: DELETE /a
 * lookup:             --p|          p: metadata of /a
 * enrichMetadata()
 * result:           ----C---D--|    C: c with p     D: d with null
 * ```
 *
 * It is the metadata at the time the event is handled, not at the time it happened; `null` when the file was gone
 * by then. `DELETE`, `MOVED_FROM` and `DELETE_SELF` get `null` without a look. User and group names come from
 * /etc/passwd and /etc/group, and where these have none from getpwuid(3) and getgrgid(3). An event that has metadata keeps it, and control events pass at once.
 *
 * The order is kept. On complete, waiting events are looked up and emitted; on error and unsubscribe they are
 * dropped. An error of `lookup` ends the stream. Throws FSFLOW_INVALID_OPTION. See inode(7).
 */
export function enrichMetadata(options: EnrichMetadataOptions = {}): Operator {
  optionObject('enrichMetadata', options)
  rejectUnknownOptions('enrichMetadata', options, ['lookup'])
  const { lookup = lookupFileMetadata } = options
  requireLookup('enrichMetadata', lookup)
  return describeOperator(
    { name: 'enrichMetadata', needsPath: true, transparent: true, needsTypes: (wanted) => wanted },
    enrichEach((event) => {
      if (event.fileMetadata !== undefined || event.filePath === '') return of(event)
      if (goneTypes.has(event.eventType)) return of(event.with({ fileMetadata: null }))
      return lookup(event.filePath, event.filePathBytes).pipe(
        take(1),
        defaultIfEmpty(null),
        map((fileMetadata) => event.with({ fileMetadata })),
      )
    }),
  )
}
