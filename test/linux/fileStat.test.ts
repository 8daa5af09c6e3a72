import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  chmodSync,
  closeSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { eventSchema, toWire } from '../../src/events/index.js'
import { fileStat, lookupFileMetadata, lookupFileSize } from '../../src/linux/fileStat.js'
import { fileEvent } from '../../src/testing/index.js'
import { itWith, nssSystemd, program, root } from '../helpers/requires.js'

describe('fileStat', () => {
  let directory: string
  let file: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'fsflow-stat-'))
    file = join(directory, 'file')
    writeFileSync(file, 'twelve bytes')
    chmodSync(file, 0o640)
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  it('tells what lstat(2) tells', () => {
    utimesSync(file, 1_700_000_000.25, 1_700_000_001.123456)
    linkSync(file, join(directory, 'link'))
    const names = { userName: (uid: number) => `user ${uid}`, groupName: () => null }
    const stat = lstatSync(file)
    expect(fileStat(file, undefined, names)).toEqual({
      permissions: '-rw-r-----',
      permissionsOctal: '0640',
      ownerUid: stat.uid,
      ownerGid: stat.gid,
      ownerName: `user ${stat.uid}`,
      groupName: null,
      size: 12,
      modified: expect.stringMatching(/^2023-11-14T22:13:21\.12345[56]Z$/),
      accessed: '2023-11-14T22:13:20.250000Z',
      changed: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      inode: String(stat.ino),
      hardLinks: 2,
      fileType: 'file',
    })
  })

  it.each([
    [0o0000, '-', '---------', '0000'],
    [0o0777, '-', 'rwxrwxrwx', '0777'],
    [0o4755, '-', 'rwsr-xr-x', '4755'],
    [0o4644, '-', 'rwSr--r--', '4644'],
    [0o2755, '-', 'rwxr-sr-x', '2755'],
    [0o2740, '-', 'rwxr-S---', '2740'],
    [0o1777, '-', 'rwxrwxrwt', '1777'],
    [0o1776, '-', 'rwxrwxrwT', '1776'],
    [0o7000, '-', '--S--S--T', '7000'],
  ])('writes mode %d as ls(1) does', (mode, type, permissions, octal) => {
    chmodSync(file, mode)
    expect(fileStat(file)).toMatchObject({ permissions: type + permissions, permissionsOctal: octal })
  })

  it('tells the types of files apart, and does not follow links', async () => {
    const path = (name: string): string => join(directory, name)
    mkdirSync(path('directory'))
    symlinkSync('/nowhere', path('symlink'))
    execFileSync('mkfifo', [path('fifo')])
    const server = await listen(path('socket'))
    try {
      for (const [type, letter] of [
        ['directory', 'd'],
        ['symlink', 'l'],
        ['fifo', 'p'],
        ['socket', 's'],
      ] as const) {
        expect([type, fileStat(path(type))?.fileType, fileStat(path(type))?.permissions[0]]).toEqual([
          type,
          type,
          letter,
        ])
      }
      expect(fileStat('/dev/null')).toMatchObject({ fileType: 'character_device' })
      expect(fileStat('/dev/null')!.permissions).toMatch(/^c/)
    } finally {
      server.close()
    }
  })

  it('has for files of every kind what stat(1) has', async () => {
    const path = (name: string): string => join(directory, name)
    mkdirSync(path('sticky'))
    chmodSync(path('sticky'), 0o1777)
    writeFileSync(path('setuid'), '')
    chmodSync(path('setuid'), 0o4755)
    writeFileSync(path('setgid'), '')
    chmodSync(path('setgid'), 0o2640)
    symlinkSync('where it/leads', path('symlink'))
    execFileSync('mkfifo', [path('fifo')])
    writeFileSync(path('sparse'), '')
    truncateSync(path('sparse'), 5 * 2 ** 32)
    writeFileSync(path('unknown'), '')
    if (process.getuid?.() === 0) lchownSync(path('unknown'), 54_321_987, 54_321_988)
    const server = await listen(path('socket'))
    try {
      const names = [...readdirSync(directory).map(path), '/dev/null', '/proc/version', '/']
      for (const name of names) {
        const stat = fileStat(name)!
        const nameOr = (text: string | null): string => text ?? 'UNKNOWN'
        expect([
          stat.permissions,
          stat.permissionsOctal.replace(/^0+(?=.)/, ''),
          stat.ownerUid,
          stat.ownerGid,
          nameOr(stat.ownerName),
          nameOr(stat.groupName),
          stat.size,
          stat.inode,
          stat.hardLinks,
          secondsOf(stat.modified),
          secondsOf(stat.changed),
          secondsOf(stat.created),
        ]).toEqual(truth(name))
      }
    } finally {
      server.close()
    }
  })

  itWith([root, program('getent'), nssSystemd], 'has names that getent(1) knows and no file has', () => {
    const id = 61_000 + (process.pid % 184)
    const name = `fsflow-${process.pid}`
    withUserRecord(name, id, () => {
      for (const database of ['passwd', 'group'])
        expect(execFileSync('getent', [database, String(id)], { encoding: 'utf8' })).toMatch(`${name}:x:`)
      for (const place of ['/etc/passwd', '/etc/group'])
        expect(readFileSync(place, 'utf8')).not.toContain(name)
      lchownSync(file, id, id)
      expect(fileStat(file)).toMatchObject({ ownerUid: id, ownerName: name, ownerGid: id, groupName: name })
      const [, , , , userName, groupName] = truth(file)
      expect([userName, groupName]).toEqual([name, name])
    })
  })

  it('tells where a symbolic link leads, and of nothing else', () => {
    const link = join(directory, 'link')
    symlinkSync('../a b', link)
    expect(fileStat(link)).toMatchObject({ linkTarget: '../a b', size: 6 })
    expect(fileStat(file)).not.toHaveProperty('linkTarget')
  })

  it('tells no birth time where there is none', () => {
    expect(fileStat('/proc/version')).toMatchObject({ created: null })
  })

  itWith([program('python3')], 'shows the mask of an ACL as the bits of the group, as ls(1) does', () => {
    // The owner, user 1, the group, the mask and the others, as acl(5) is stored in the attribute.
    const entries = '[(1, 6, -1), (2, 7, 1), (4, 0, -1), (16, 6, -1), (32, 0, -1)]'
    const acl = `b''.join([struct.pack('<I', 2)] + [struct.pack('<HHi', *e) for e in ${entries}])`
    const script = `import os, struct, sys; os.setxattr(sys.argv[1], 'system.posix_acl_access', ${acl})`
    execFileSync('python3', ['-c', script, file])
    expect(fileStat(file)).toMatchObject({ permissions: '-rw-rw----', permissionsOctal: '0660' })
  })

  it('as a lookup of the size knows that of regular files alone', () => {
    const sizes: (number | null)[] = []
    for (const path of [file, directory, join(directory, 'missing')])
      lookupFileSize(path).subscribe((size) => sizes.push(size))
    expect(sizes).toEqual([12, null, null])
  })

  it('tells times before 1970', () => {
    utimesSync(file, new Date(-1500), new Date(-86_400_000))
    expect(fileStat(file)).toMatchObject({
      accessed: '1969-12-31T23:59:58.500000Z',
      modified: '1969-12-31T00:00:00.000000Z',
    })
  })

  it('keeps to the wire format also when a file claims a time that no calendar has', () => {
    // tmpfs stores what others cut off.
    const stored = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fsflow-stat-'))
    utimesSync(stored, new Date(8e15), new Date(-8e15))
    const event = fileEvent(`ATTRIB ${stored}`, { fileMetadata: fileStat(stored) })
    rmSync(stored, { recursive: true })
    const validate = new Ajv2020({ strict: false }).compile(eventSchema)
    expect(validate(JSON.parse(JSON.stringify(toWire(event))))).toBe(true)
  })

  it('finds files whose names are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])])
    closeSync(openSync(bytes, 'w'))
    expect(fileStat(bytes.toString(), new Uint8Array(bytes))).toMatchObject({ size: 0, fileType: 'file' })
    expect(fileStat(bytes.toString())).toBeNull()
  })

  it('is null for what is not there or cannot be reached', () => {
    expect(fileStat(join(directory, 'missing'))).toBeNull()
    expect(fileStat(join(file, 'below a file'))).toBeNull()
    expect(fileStat('/' + 'x'.repeat(5000))).toBeNull()
    expect(fileStat('/nul\0')).toBeNull()
  })

  it('as a lookup looks when it is subscribed to, and answers at once', () => {
    const late = join(directory, 'late')
    const lookup = lookupFileMetadata(late)
    writeFileSync(late, 'x')
    const answers: unknown[] = []
    lookup.subscribe({ next: (answer) => answers.push(answer?.size), complete: () => answers.push('|') })
    expect(answers).toEqual([1, '|'])
  })
})

/** A user and its group that are in a record of nss-systemd(8) alone. */
function withUserRecord(name: string, id: number, use: () => void): void {
  const folder = '/run/userdb'
  const place = (file: string): string => join(folder, file)
  const made = mkdirSync(folder, { recursive: true })
  const files = ['user', 'group'].flatMap((kind) => [`${name}.${kind}`, `${id}.${kind}`])
  try {
    writeFileSync(place(`${name}.user`), JSON.stringify({ userName: name, uid: id, gid: id }))
    writeFileSync(place(`${name}.group`), JSON.stringify({ groupName: name, gid: id }))
    for (const kind of ['user', 'group']) symlinkSync(`${name}.${kind}`, place(`${id}.${kind}`))
    use()
  } finally {
    for (const file of files) rmSync(place(file), { force: true })
    if (made !== undefined) rmdirSync(folder)
  }
}

/** The same facts from stat(1), which has 0 where there is no birth time. */
function truth(path: string): unknown[] {
  const format = '%A\n%a\n%u\n%g\n%U\n%G\n%s\n%i\n%h\n%Y\n%Z\n%W'
  return execFileSync('stat', ['--printf', format, path], { encoding: 'utf8' })
    .split('\n')
    .map((text, index) => ([2, 3, 6, 8, 9, 10, 11].includes(index) ? Number(text) : text))
}

function secondsOf(time: string | null): number {
  return time === null ? 0 : Math.floor(Date.parse(time) / 1000)
}

async function listen(path: string): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return server
}
