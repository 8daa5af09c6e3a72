import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Sink } from '../contracts/index.js'
import { invalidOption } from '../errors/index.js'
import { checkFile } from './output/checkFile.js'
import { describeDestination, destinationOf } from './output/destination.js'
import { fileFormat, type FileFormat } from './output/fileFormat.js'
import { inspectFile } from './output/openFile.js'
import { recordSink } from './output/recordSink.js'
import { RotatingOutput } from './output/RotatingOutput.js'
import { rotationInWords, rotationOf, type RotateOptions } from './output/rotateOptions.js'
import { openError } from './output/sinkErrors.js'

export interface FileSinkOptions {
  /** The file to append to. */
  readonly path: string
  /** Whether the directory of the file is created (mode 0750) when it is missing. Default `false`. */
  readonly mkdir?: boolean
  /**
   * `'json'`, `'ecs'`, `'ocsf'` or `'cloudevents'` for one such object a line, `'csv'` for a table with all columns,
   * `'text'` for one line for people. Default `'json'`.
   */
  readonly format?: FileFormat
  /** When the file is put aside for a new one. Default: never. */
  readonly rotate?: RotateOptions
}

/**
 * Appends each event to a file, which is put aside when it is full or its time is over, and opened anew when a program
 * that has moved it away says so (`context.reopen`, which SIGHUP is to the commands).
 *
 * `check` and `open` reject with FSFLOW_SINK_OPEN, `write` with FSFLOW_DISK_FULL or FSFLOW_SINK_WRITE and the number
 * of events lost. A rotation that fails is reported as FSFLOW_SINK_ROTATE, and the file written on. Throws
 * FSFLOW_INVALID_OPTION.
 */
export function file(options: FileSinkOptions): Sink {
  const destination = destinationOf('file', options, ['format', 'rotate'])
  const { path } = destination
  if (path === undefined) {
    throw invalidOption('file', 'path', 'is missing', 'For standard output there is ndjson().')
  }
  const { words, header, encoder, inspect } = fileFormat(destination, options.format)
  const rotation = rotationOf(options.rotate)
  const place = { ...destination, path, header, inspect, alone: rotation !== undefined }
  return {
    ...recordSink({
      name: 'file',
      description: describeDestination(words, destination) + rotationInWords(options.rotate),
      destination,
      encoder,
      async inspect() {
        const there = await checkFile(destination, path)
        if (there === undefined) return
        if (!there.isFile()) throw openError(destination, 'it is not a regular file')
        await inspectFile(destination, path, inspect)
        if (rotation === undefined) return
        await access(dirname(path), constants.W_OK | constants.X_OK).catch((cause: unknown) => {
          throw openError(destination, cause, 'To rotate the file, its directory must be writable.')
        })
      },
      output: (context) => RotatingOutput.open(place, rotation, context),
    }),
    reopens: true,
  }
}
