import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { openNameService } from '../../src/linux/nameService.js'
import { openUserDatabase } from '../../src/linux/userDatabase.js'
import { itWith, program } from '../helpers/requires.js'
import { withDirectory } from '../helpers/withDirectory.js'

const nobody = 4_000_000_007

function getent(database: 'passwd' | 'group', id: number): string {
  return execFileSync('getent', [database, String(id)], { encoding: 'utf8' }).split(':')[0]!
}

describe('openNameService', () => {
  const getentIsThere = program('getent')

  itWith([getentIsThere], 'has for every id the name that getent(1) has', () => {
    const names = openNameService()
    for (const [database, name] of [
      ['passwd', (id: number) => names.userName(id)],
      ['group', (id: number) => names.groupName(id)],
    ] as const) {
      const lines = execFileSync('getent', [database], { encoding: 'utf8' }).trimEnd().split('\n')
      const ids = [...new Set(lines.map((line) => Number(line.split(':')[2])))]
      expect(ids).not.toEqual([])
      for (const id of ids.slice(0, 20)) expect([id, name(id)]).toEqual([id, getent(database, id)])
    }
  })

  itWith([getentIsThere], 'is asked for ids that the files do not have', () =>
    withDirectory((directory) => {
      const passwd = join(directory, 'passwd')
      writeFileSync(passwd, 'ada:x:0:0::/:/bin/sh\n')
      const options = { passwd, group: join(directory, 'none'), nameService: openNameService() }
      const names = openUserDatabase(options)
      expect(names.userName(0)).toBe('ada')
      expect(names.userName(1)).toBe(getent('passwd', 1))
      expect(names.groupName(0)).toBe(getent('group', 0))
      expect(openUserDatabase({ ...options, nameService: openNameService() }).userName(nobody)).toBeNull()
    }),
  )

  it('has no name for an id that nobody has', () => {
    const names = openNameService()
    expect([names.userName(nobody), names.groupName(nobody)]).toEqual([null, null])
  })

  it('goes on answering when it has forgotten', () => {
    const names = openNameService({ keep: 0, maxNames: 1 })
    const first = names.userName(0)
    names.userName(nobody)
    expect(names.userName(0)).toBe(first)
  })
})
