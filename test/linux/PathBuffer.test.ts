import { expect, it } from '@jest/globals'
import { PATH_MAX, PathBuffer } from '../../src/linux/PathBuffer.js'

const textOf = (bytes: Buffer): string => bytes.toString('latin1', 0, bytes.indexOf(0))

it('gives one path after the other, each up to its end', () => {
  const paths = new PathBuffer()
  const longest = `/${'\xff'.repeat(PATH_MAX - 1)}`
  for (const path of ['/a/long/path', '/a', '/a', longest, '', '/b', '']) {
    expect(textOf(paths.of(path))).toBe(path)
  }
})
