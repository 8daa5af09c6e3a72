import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { Sink } from '../../../src/contracts/index.js'
import { csv, json, ndjson, text, type DestinationOptions } from '../../../src/sinks/index.js'
import { withDirectory } from '../../helpers/withDirectory.js'

const sinks: readonly (readonly [string, (options?: DestinationOptions) => Sink])[] = [
  ['text', text],
  ['ndjson', ndjson],
  ['json', json],
  ['csv', csv],
]

describe.each(sinks)('the destination of %s', (_, create) => {
  const placeOf = (path: string): Promise<string | undefined> => create({ path }).destination!()

  it('is the real path of the file, whether it is there or not', () =>
    withDirectory(async (directory) => {
      const real = realpathSync(directory)
      mkdirSync(join(directory, 'a/b'), { recursive: true })
      symlinkSync('a/b', join(directory, 'link'))
      expect(await placeOf(join(directory, 'link/file'))).toBe(join(real, 'a/b/file'))
      writeFileSync(join(directory, 'a/b/file'), '')
      expect(await placeOf(join(directory, 'link/file'))).toBe(join(real, 'a/b/file'))
      expect(await placeOf(join(directory, 'link/no/folder/file'))).toBe(join(real, 'a/b/no/folder/file'))
    }))

  it('is the same for all that write to standard output', async () => {
    const place = await create().destination!()
    expect(place).toMatch(/./)
    expect(await text().destination!()).toBe(place)
  })

  it('is none for what throws everything away', async () => {
    expect(await placeOf('/dev/null')).toBeUndefined()
  })
})
