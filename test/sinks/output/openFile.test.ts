import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer, Socket } from 'node:net'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import type { Sink } from '../../../src/contracts/index.js'
import { csv, json, ndjson, text, type DestinationOptions } from '../../../src/sinks/index.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { itAsRoot, itWith, mounting } from '../../helpers/requires.js'
import { sinkContext } from '../../helpers/sinkContext.js'
import { withDirectory, withSmallDisk } from '../../helpers/withDirectory.js'

const sinks: readonly (readonly [string, (options: DestinationOptions) => Sink])[] = [
  ['text', text],
  ['ndjson', ndjson],
  ['json', json],
  ['csv', csv],
]

// Both refuse, with the same words, and leave no descriptor and nothing on the disk behind.
async function refused(sink: Sink, directory: string, message: RegExp, hint?: RegExp): Promise<void> {
  const before = await readdir(directory, { recursive: true })
  for (const call of [() => sink.check(), () => sink.open(sinkContext())]) {
    const error = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toEqual(
      expect.objectContaining({
        code: 'FSFLOW_SINK_OPEN',
        message: expect.stringMatching(message),
        ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) }),
      }),
    )
  }
  expect(await readdir(directory, { recursive: true })).toEqual(before)
}

describe.each(sinks)('the file of %s', (name, create) => {
  it('is created with mode 0640, its directories with 0750 when asked', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'logs', 'deep', 'events')
      const sink = create({ path, mkdir: true })
      await sink.check()
      expect(await readdir(directory)).toEqual([])
      await (await sink.open(sinkContext())).close()
      expect((await stat(path)).mode & 0o7777).toBe(0o640)
      expect((await stat(join(directory, 'logs'))).mode & 0o7777).toBe(0o750)
      expect((await stat(join(directory, 'logs', 'deep'))).mode & 0o7777).toBe(0o750)
    }))

  it('keeps the mode that it has', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'events')
      await writeFile(path, '')
      await chmod(path, 0o604)
      await (await create({ path }).open(sinkContext())).close()
      expect((await stat(path)).mode & 0o7777).toBe(0o604)
    }))

  it('is among ownFiles, by the path that leads to it', () =>
    withDirectory(async (directory) => {
      await mkdir(join(directory, 'real'))
      await symlink('real', join(directory, 'link'))
      const path = join(directory, 'link', 'events')
      const writer = await create({ path }).open(sinkContext())
      const { dev, ino } = await stat(path, { bigint: true })
      expect(writer.ownFiles).toEqual([{ path: await realpath(path), dev, ino }])
      await writer.close()
    }))

  it('is refused when its directory is missing', () =>
    withDirectory((directory) =>
      refused(
        create({ path: join(directory, 'a', 'b', 'events') }),
        directory,
        new RegExp(`^${name}: cannot write to .*: the directory .*/a/b does not exist$`),
        /mkdir: true/,
      ),
    ))

  it('is refused when a part of its path is a file', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'a'), '')
      await refused(create({ path: join(directory, 'a', 'events') }), directory, /is not a directory/)
      await refused(
        create({ path: join(directory, 'a', 'b', 'events'), mkdir: true }),
        directory,
        /is not a directory/,
      )
    }))

  it('is refused when a part of its path is a link that leads nowhere', () =>
    withDirectory(async (directory) => {
      await symlink('nowhere', join(directory, 'a'))
      await refused(create({ path: join(directory, 'a', 'events'), mkdir: true }), directory, /leads nowhere/)
    }))

  it('is refused when it is a symbolic link, and its target stays untouched', () =>
    withDirectory(async (directory) => {
      const target = join(directory, 'target')
      await writeFile(target, 'precious')
      await symlink(target, join(directory, 'events'))
      await refused(
        create({ path: join(directory, 'events') }),
        directory,
        /symbolic link, which is not followed/,
        new RegExp(`${await realpath(target)}$`),
      )
      expect(await readFile(target, 'utf8')).toBe('precious')
    }))

  it('is refused when it is a symbolic link that leads nowhere, and nothing is created', () =>
    withDirectory(async (directory) => {
      await symlink('nowhere', join(directory, 'events'))
      await refused(create({ path: join(directory, 'events') }), directory, /symbolic link/)
    }))

  it('is refused when it is a directory or a socket', () =>
    withDirectory(async (directory) => {
      await refused(create({ path: directory }), directory, /it is a directory/)
      const server = createServer().listen(join(directory, 'socket'))
      await new Promise((resolve) => server.once('listening', resolve))
      try {
        await refused(create({ path: join(directory, 'socket') }), directory, /it is a socket/)
      } finally {
        server.close()
      }
    }))

  it('is refused when its name is too long', () =>
    withDirectory((directory) =>
      refused(create({ path: join(directory, 'x'.repeat(256)) }), directory, /name is too long/),
    ))

  itAsRoot('is refused without permission', () =>
    withDirectory(async (directory) => {
      await chmod(directory, 0o755)
      const path = join(directory, 'events')
      await writeFile(path, '')
      await chmod(path, 0o444)
      const child = fileURLToPath(new URL('./nobodyChild.js', import.meta.url))
      const output = execFileSync(process.execPath, [child, name, path, join(directory, 'other')], {
        encoding: 'utf8',
      })
      const refusal = (where: string): string =>
        `FSFLOW_SINK_OPEN ${name}: cannot write to ${where}: permission denied`
      expect(JSON.parse(output)).toEqual(
        [path, path, join(directory, 'other'), join(directory, 'other')].map(refusal),
      )
      expect(await readdir(directory)).toEqual(['events'])
    }),
  )

  itWith([mounting], 'is refused on a filesystem that is read-only', () =>
    withSmallDisk(64, async (directory) => {
      await writeFile(join(directory, 'events'), '')
      execFileSync('mount', ['-o', 'remount,ro', directory])
      await refused(create({ path: join(directory, 'events') }), directory, /read-only/)
      await refused(create({ path: join(directory, 'other') }), directory, /read-only/)
    }),
  )

  it('may have several names', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'one'), '')
      await link(join(directory, 'one'), join(directory, 'two'))
      const writer = await create({ path: join(directory, 'two') }).open(sinkContext())
      await writer.write([fileEvent('CREATE /a')])
      await writer.close()
      expect((await stat(join(directory, 'one'))).size).toBeGreaterThan(0)
    }))

  it('may be a character device', async () => {
    const writer = await create({ path: '/dev/null' }).open(sinkContext())
    await writer.write([fileEvent('CREATE /a')])
    expect(writer.ownFiles).toEqual([])
    await writer.close()
    expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true)
  })
})

describe.each(sinks)('a FIFO as the file of %s', (_, create) => {
  const withFifo = (use: (path: string, directory: string) => Promise<void>): Promise<void> =>
    withDirectory(async (directory) => {
      const path = join(directory, 'fifo')
      execFileSync('mkfifo', [path])
      await use(path, directory)
    })

  it('is refused while nobody reads from it', () =>
    withFifo(async (path) => {
      await create({ path }).check()
      await expect(create({ path }).open(sinkContext())).rejects.toEqual(
        expect.objectContaining({
          code: 'FSFLOW_SINK_OPEN',
          message: expect.stringContaining('nothing reads from it'),
          hint: 'Start the reader of the FIFO first.',
        }),
      )
    }))

  it('takes more than it holds, as its reader takes it', () =>
    withFifo(async (path) => {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      const content = readAll(new Socket({ fd, readable: true, writable: false }))
      const writer = await create({ path }).open(sinkContext())
      const batch = Array.from({ length: 5000 }, (_, seq) => fileEvent('CREATE /a/b/c', { seq }))
      await writer.write(batch)
      await writer.close()
      expect((await content).match(/\/a\/b\/c/g)).toHaveLength(5000)
      expect(writer.ownFiles).toEqual([])
    }))

  it('that is closed by its reader ends the sink quietly', () =>
    withFifo(async (path) => {
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      const writer = await create({ path }).open(sinkContext())
      closeSync(reader)
      await writer.write([fileEvent('CREATE /a')])
      await writer.gone
      await writer.write([fileEvent('CREATE /b')])
      await writer.close()
    }))
})
