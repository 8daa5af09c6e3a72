import { defaultIfEmpty, defer, map, of, take, type Observable } from 'rxjs'
import { describeOperator, type Operator } from '../contracts/index.js'
import { rejectUnknownOptions } from '../errors/index.js'
import type { FileEvent } from '../events/index.js'
import { lookupFileSize } from '../linux/fileStat.js'
import { KnownSizes, changesSize, type SizeChange } from './operations/KnownSizes.js'
import { sentenceOf } from './operations/sentenceOf.js'
import { inOrder } from './support/inOrder.js'
import { optionObject, requireCount, requireLookup } from './support/optionChecks.js'

/**
 * Tells the size of a regular file in bytes, or `null` when it is none or not there. `bytes` is the raw path of a
 * name that is not valid UTF-8. Only the first value counts.
 */
export type SizeLookup = (path: string, bytes?: Uint8Array) => Observable<number | null>

export interface DescribeOperationOptions {
  /** How many sizes to remember; the next change of a file that was forgotten has no `sizeChange`. Default 100,000. */
  readonly maxPaths?: number
  /** Where a size comes from that `fileMetadata` does not tell. Default lstat(2), at once. */
  readonly lookup?: SizeLookup
}

/**
 * Adds `operationDetails`: what was done, as a sentence, and by how many bytes the file grew.
 *
 * ```
 * source:              --c--w--w--|    c: CREATE /a, by now with 3 bytes    w: CLOSE_WRITE /a, of 10 and of 4 bytes
 * describeOperation()
 * result:              --C--D--E--|    C: sizeChange 3    D: sizeChange 7    E: sizeChange -6
 * ```
 *
 * A size is that at the time the event is handled. `sizeChange` is the difference to the size that was told last
 * of the same file; so the sum over the events of a file is its size, even when a `CREATE` is handled after the
 * first write. It is `null` when the size before is not known: at the first change of a file that was there before
 * the stream, of one that was forgotten, and of directories. A `DELETE` takes away what was there, and a rename
 * nothing; when it replaces a file, it is the difference to that one. Reading, and a change of attributes, is 0.
 *
 * With `fileMetadata`, the size in there is taken; with `processDetails`, the sentence names the process. An
 * event that has operation details keeps them. Control events pass at once. The order is kept: while a lookup has
 * not answered, later events wait. On complete they are still looked up and emitted; on error and unsubscribe they
 * are dropped. An error of `lookup` ends the stream. Throws FSFLOW_INVALID_OPTION.
 */
export function describeOperation(options: DescribeOperationOptions = {}): Operator {
  optionObject('describeOperation', options)
  rejectUnknownOptions('describeOperation', options, ['maxPaths', 'lookup'])
  const { maxPaths = 100_000, lookup = lookupFileSize } = options
  requireCount('describeOperation', 'maxPaths', maxPaths)
  requireLookup('describeOperation', lookup)
  return describeOperator(
    {
      name: 'describeOperation',
      options: { maxPaths },
      needsPath: true,
      transparent: true,
      needsTypes: (wanted) => new Set([...wanted, ...changesSize]),
    },
    inOrder(() => {
      const sizes = new KnownSizes(maxPaths)
      return {
        take: (event) =>
          defer(() => {
            if (event.filePath === '') return of(event)
            return sizeOf(event, lookup).pipe(
              map((size) => {
                const change = sizes.learn(event, size)
                return event.operationDetails === undefined ? described(event, change) : event
              }),
            )
          }),
      }
    }),
  )
}

function sizeOf(event: FileEvent, lookup: SizeLookup): Observable<number | null> {
  const { fileMetadata } = event
  if (event.isDirectory || !KnownSizes.needsSize(event)) return of(null)
  if (fileMetadata !== undefined) return of(fileMetadata?.fileType === 'file' ? fileMetadata.size : null)
  return lookup(event.filePath, event.filePathBytes).pipe(take(1), defaultIfEmpty(null))
}

function described(event: FileEvent, change: SizeChange): FileEvent {
  return event.with({
    operationDetails: { description: sentenceOf(event, change), sizeChange: change.difference },
  })
}
