import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { toCard, toText } from '../../src/formats/index.js'
import { text, type TextSinkOptions } from '../../src/sinks/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { sinkLaws } from '../../src/testing/sinkLaws.js'
import { itWith, program } from '../helpers/requires.js'
import { sinkContext } from '../helpers/sinkContext.js'
import { withDirectory } from '../helpers/withDirectory.js'

const event = fileEvent('CREATE /tree/a\u001bb', { processDetails: null })

async function written(options: TextSinkOptions): Promise<string> {
  return withDirectory(async (directory) => {
    const path = join(directory, 'events.txt')
    const writer = await text({ path, ...options }).open(sinkContext())
    await writer.write([event, event])
    await writer.close()
    return readFile(path, 'utf8')
  })
}

describe('text', () => {
  const laws = sinkLaws((directory) => {
    const path = join(directory, 'events.txt')
    return {
      sink: text({ path }),
      read: async () => (await readFile(path, 'utf8')).split('\n').slice(0, -1),
      expected: (one) => toText(one).slice(0, -1),
    }
  })
  it.each(laws)('$name', (law) => law.run())

  it('long writes cards', async () => {
    expect(await written({ long: true })).toBe(toCard(event).repeat(2))
    expect(text({ long: true }).description).toBe('one card an event to standard output')
  })

  it('colours a file only when told to', async () => {
    expect(await written({})).toBe(toText(event).repeat(2))
    expect(await written({ color: 'auto' })).toBe(toText(event).repeat(2))
    expect(await written({ color: true })).toBe(toText(event, { color: true }).repeat(2))
    expect(await written({ color: true, long: true })).toBe(toCard(event, { color: true }).repeat(2))
  })

  describe('color auto on standard output', () => {
    const child = fileURLToPath(new URL('./output/stdoutChild.js', import.meta.url))
    const onTerminal = (environment: NodeJS.ProcessEnv): string => {
      const command = `'${process.execPath}' '${child}' '{"sink":"text","batches":1,"size":1}'`
      const env = { PATH: process.env.PATH, TERM: 'xterm', ...environment }
      return execFileSync('script', ['-qec', command, '/dev/null'], { env, encoding: 'utf8' })
    }

    itWith([program('script')], 'colours on a terminal', () => {
      expect(onTerminal({})).toContain('\u001b[32mCREATE')
    })

    itWith([program('script')], 'does not with NO_COLOR, nor on a dumb terminal', () => {
      expect(onTerminal({ NO_COLOR: '1' })).toContain('  CREATE  ')
      expect(onTerminal({ TERM: 'dumb' })).toContain('  CREATE  ')
      expect(onTerminal({ NO_COLOR: '' })).toContain('\u001b[32mCREATE')
    })

    it('does not in a pipe', () => {
      const output = execFileSync(process.execPath, [child, '{"sink":"text","batches":1,"size":1}'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      expect(output).toContain('  CREATE  ')
    })
  })
})
