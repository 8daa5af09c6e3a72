import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openUserDatabase, userDatabase } from '../../src/linux/userDatabase.js'

describe('userDatabase', () => {
  let directory: string
  let passwd: string
  let group: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'fsflow-users-'))
    passwd = join(directory, 'passwd')
    group = join(directory, 'group')
    writeFileSync(passwd, 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:\n')
    writeFileSync(group, 'wheel:x:0:\nstaff:x:50:ann,root\n')
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  it('gives users and groups their names, and null to ids that have none', () => {
    const database = openUserDatabase({ passwd, group })
    expect([database.userName(0), database.userName(1000), database.userName(7)]).toEqual([
      'root',
      'ann',
      null,
    ])
    expect([database.groupName(0), database.groupName(50), database.groupName(1000)]).toEqual([
      'wheel',
      'staff',
      null,
    ])
  })

  it('takes the first line of an id, as getpwuid(3), and no lines that are none', () => {
    writeFileSync(
      passwd,
      '\n# comment\n+@nis:x:5:\n-bob:x:6:\n:x:7:\nno id\nx:x:eight:\ntoor:x:0:0:::\nroot:x:0:0:::',
    )
    const database = openUserDatabase({ passwd, group })
    expect([0, 5, 6, 7, 8, NaN].map((id) => database.userName(id))).toEqual([
      'toor',
      null,
      null,
      null,
      null,
      null,
    ])
  })

  it('reads a file again when it was changed or replaced, as useradd(8) does', () => {
    const database = openUserDatabase({ passwd, group, checkEvery: 0 })
    expect(database.userName(1001)).toBeNull()
    writeFileSync(passwd, readFileSync(passwd, 'utf8') + 'bob:x:1001:1001:::\n')
    expect(database.userName(1001)).toBe('bob')
    const next = join(directory, 'passwd+')
    writeFileSync(next, 'eve:x:1001:1001:::\n')
    renameSync(next, passwd)
    expect([database.userName(1001), database.userName(0)]).toEqual(['eve', null])
  })

  it('does not look at the file for each name', () => {
    const database = openUserDatabase({ passwd, group, checkEvery: 60_000 })
    expect(database.userName(0)).toBe('root')
    rmSync(passwd)
    expect(database.userName(0)).toBe('root')
  })

  it('has no names without files, and finds them when they come', () => {
    rmSync(passwd)
    const database = openUserDatabase({ passwd, group, checkEvery: 0 })
    expect(database.userName(0)).toBeNull()
    writeFileSync(passwd, 'root:x:0:0:::\n')
    expect(database.userName(0)).toBe('root')
  })

  it('does not read a file that is far too large', () => {
    truncateSync(passwd, 17 * 1024 * 1024)
    expect(openUserDatabase({ passwd, group }).userName(0)).toBeNull()
  })

  it('is that of the system by default', () => {
    const first = /^([^:+-][^:]*):[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
    expect(userDatabase.userName(Number(first![2]))).toBe(first![1])
  })
})
