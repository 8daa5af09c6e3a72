import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readLines, type ReadLinesOptions, type TextLine } from '../../../src/sources/trail/readLines.js'
import { withDirectory } from '../../helpers/withDirectory.js'

function linesOf(content: string | Uint8Array, options: ReadLinesOptions = {}): Promise<TextLine[]> {
  return withDirectory(async (directory) => {
    const path = join(directory, 'file')
    await writeFile(path, content)
    const lines: TextLine[] = []
    for await (const piece of readLines(path, options)) lines.push(...piece)
    return lines
  })
}

describe('readLines', () => {
  it('numbers lines, leaves out empty ones, and takes a last one without its newline', async () => {
    expect(await linesOf('a\n\n \nb\nc')).toEqual([
      { number: 1, text: 'a' },
      { number: 4, text: 'b' },
      { number: 5, text: 'c' },
    ])
    expect(await linesOf('')).toEqual([])
    expect(await linesOf('a\n')).toEqual([{ number: 1, text: 'a' }])
  })

  it('reads lines that are cut anywhere by the pieces of the file', async () => {
    const texts = Array.from({ length: 5000 }, (_, index) => `${index}é`.repeat((index % 90) + 1))
    expect((await linesOf(texts.join('\n'))).map(({ text }) => text)).toEqual(texts)
  })

  it('says which line is not UTF-8, and goes on', async () => {
    expect(await linesOf(Buffer.from([0x61, 0x0a, 0xff, 0x0a, 0x62]))).toEqual([
      { number: 1, text: 'a' },
      { number: 2, problem: 'it is not UTF-8' },
      { number: 3, text: 'b' },
    ])
  })

  it('leaves out a line that is too long, and goes on behind it', async () => {
    const content = `a\n${'x'.repeat(1_000_000)}\nb\n`
    expect(await linesOf(content, { maxBytes: 1000 })).toEqual([
      { number: 1, text: 'a' },
      { number: 2, problem: 'it has more than 1000 bytes' },
      { number: 3, text: 'b' },
    ])
  })
})
