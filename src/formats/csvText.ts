import { createRequire } from 'node:module'
import type * as CsvStringify from 'csv-stringify/sync'

let loaded: typeof CsvStringify | undefined

/** `stringify` of the package csv-stringify, loaded when the first rows are: the start is mostly the loading of modules. */
export const csvText: typeof CsvStringify.stringify = (rows, options) => {
  loaded ??= createRequire(import.meta.url)('csv-stringify/sync') as typeof CsvStringify
  return loaded.stringify(rows, options)
}
