import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { contentReader, type ContentAnswer } from '../../src/linux/contentReader.js'
import { fileEvent } from '../../src/testing/index.js'
import { itWith, program } from '../helpers/requires.js'
import { until } from '../helpers/until.js'
import { withDirectory } from '../helpers/withDirectory.js'

function answerFor(event: ReturnType<typeof fileEvent>, maxSize = 1000): ContentAnswer {
  const answers: ContentAnswer[] = []
  contentReader(maxSize)(event).subscribe((answer) => answers.push(answer))
  expect(answers).toHaveLength(1)
  return answers[0]!
}

const answerAt = (path: string, maxSize?: number): ContentAnswer =>
  answerFor(fileEvent(`MODIFY ${path}`), maxSize)
const textOf = (answer: ContentAnswer): string =>
  'missing' in answer
    ? answer.missing
    : 'bytes' in answer
      ? Buffer.from(answer.bytes).toString()
      : 'unchanged'
const openFds = (): string[] => fs.readdirSync('/proc/self/fd')

describe('contentReader', () => {
  it('reads a regular file whole, and says where it is', () =>
    withDirectory((directory) => {
      const path = join(directory, 'file')
      fs.writeFileSync(path, 'content', { mode: 0o640 })
      fs.chmodSync(path, 0o4750)
      expect(answerAt(path)).toMatchObject({
        bytes: Buffer.from('content'),
        sha256: 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73',
        mode: 0o4750,
        realPath: path,
      })
      fs.writeFileSync(path, '')
      expect(textOf(answerAt(path))).toBe('')
    }))

  it('does not read again what is in the version that is known', () =>
    withDirectory((directory) => {
      const path = join(directory, 'file')
      fs.writeFileSync(path, 'content')
      expect(answerAt(path)).not.toHaveProperty('version')
      const answers: ContentAnswer[] = []
      const read = (known?: string) =>
        contentReader(1000)(fileEvent(`MODIFY ${path}`), known).subscribe((answer) => answers.push(answer))
      // Of a file that was written to just now, another write might not be seen by its times.
      return until(
        () => {
          read()
          return 'version' in answers.at(-1)!
        },
        () => 'a version',
      ).then(() => {
        const { version } = answers.at(-1) as { readonly version?: string }
        read(version)
        expect(answers.at(-1)).toEqual({ unchanged: true })
        fs.appendFileSync(path, '!')
        read(version)
        expect(textOf(answers.at(-1)!)).toBe('content!')
      })
    }))

  it('reads files whose size is not told', () => {
    expect(textOf(answerAt('/proc/self/status', 100_000))).toMatch(/^Name:/)
  })

  it('says why it reads nothing', () =>
    withDirectory((directory) => {
      const path = (name: string): string => join(directory, name)
      fs.writeFileSync(path('large'), 'x'.repeat(1001))
      fs.mkdirSync(path('directory'))
      fs.symlinkSync('large', path('symlink'))
      expect(textOf(answerAt(path('large')))).toBe('it is too large (1001 bytes)')
      expect(textOf(answerAt(path('directory')))).toBe('it is no regular file')
      expect(textOf(answerAt(path('symlink')))).toBe('it is no regular file')
      expect(textOf(answerAt(path('missing')))).toBe('it was gone')
      expect(textOf(answerAt(path('large/below')))).toBe('it was gone')
      expect(textOf(answerAt('/' + 'x'.repeat(300)))).toBe('it cannot be read (ENAMETOOLONG)')
      expect(textOf(answerAt('/dev/null'))).toBe('it is no regular file')
    }))

  itWith([program('mkfifo')], 'does not open a FIFO', () =>
    withDirectory((directory) => {
      const path = join(directory, 'fifo')
      execFileSync('mkfifo', [path])
      expect(textOf(answerAt(path))).toBe('it is no regular file')
    }),
  )

  it('finds names that are not UTF-8', () =>
    withDirectory((directory) => {
      const bytes = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])])
      fs.writeFileSync(bytes, 'x')
      const event = fileEvent(`MODIFY ${directory}/\ufffd`, { filePathBytes: new Uint8Array(bytes) })
      expect(textOf(answerFor(event))).toBe('x')
    }))

  it('asks the origin for the file, whatever is at the path', () =>
    withDirectory((directory) => {
      const path = join(directory, 'file')
      fs.writeFileSync(path, 'of another file')
      const file = join(directory, 'moved away')
      fs.writeFileSync(file, 'of the file')
      const opened: number[] = []
      const origin = {
        resolve: (event: ReturnType<typeof fileEvent>) => event,
        follow: () => undefined,
        openFile: (flags: number) => {
          opened.push(flags)
          return fs.openSync(file, flags)
        },
      }
      const event = fileEvent(`MODIFY ${path}`).with({ origin })
      expect(answerFor(event)).toMatchObject({ bytes: Buffer.from('of the file'), realPath: file })
      expect(opened).toHaveLength(1)
      const gone = { ...origin, openFile: () => -116 }
      expect(textOf(answerFor(event.with({ origin: gone })))).toBe('it was gone')
    }))

  it('has no place for a file without a name', () =>
    withDirectory((directory) => {
      const path = join(directory, 'file')
      fs.writeFileSync(path, 'x')
      const held = fs.openSync(path, 'r')
      fs.unlinkSync(path)
      const openFile = (flags: number): number => fs.openSync(`/proc/self/fd/${held}`, flags)
      const origin = {
        resolve: (event: ReturnType<typeof fileEvent>) => event,
        follow: () => undefined,
        openFile,
      }
      // The link of /proc is followed here to the file, as a handle would lead to it.
      expect(answerFor(fileEvent(`MODIFY ${path}`).with({ origin }))).toMatchObject({ realPath: '' })
      fs.closeSync(held)
    }))

  it('leaves nothing open, and reads only when it is subscribed to', () =>
    withDirectory((directory) => {
      const path = join(directory, 'file')
      const lookup = contentReader(1000)(fileEvent(`MODIFY ${path}`))
      fs.writeFileSync(path, 'late')
      const before = openFds()
      let answer: ContentAnswer | undefined
      lookup.subscribe((found) => (answer = found))
      for (const name of ['/missing', '/dev/null', directory]) answerAt(name)
      expect(textOf(answer!)).toBe('late')
      expect(openFds()).toEqual(before)
    }))
})
