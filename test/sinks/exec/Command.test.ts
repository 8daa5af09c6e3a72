import { describe, expect, it } from '@jest/globals'
import { Command } from '../../../src/sinks/exec/Command.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { until } from '../../helpers/until.js'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withDirectory } from '../../helpers/withDirectory.js'

const sh = (script: string, ...args: readonly string[]): string[] => ['/bin/sh', '-c', script, 'sh', ...args]

describe('Command', () => {
  it('says how it ended', async () => {
    expect(await new Command(sh('exit 3'), [], Infinity).ended).toEqual({
      code: 3,
      signal: null,
      timedOut: false,
    })
    expect(await new Command(sh('kill -9 $$'), [], Infinity).ended).toMatchObject({ signal: 'SIGKILL' })
    const { error } = await new Command(['/no/such/program'], [], Infinity).ended
    expect(error?.message).toContain('ENOENT')
  })

  it('need not read what it is given', async () => {
    const many = Array.from({ length: 20_000 }, () => fileEvent('CREATE /a'))
    expect(await new Command(['/bin/true'], many, Infinity).ended).toMatchObject({ code: 0 })
  })

  it('ends together with what it has started, when it is stopped', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'pid')
      const command = new Command(
        sh('sleep 60 & echo $! > "$1.new" && mv "$1.new" "$1"; wait', file),
        [],
        Infinity,
      )
      await until(
        () => existsSync(file),
        () => 'the child',
      )
      const pid = Number(readFileSync(file, 'utf8'))
      command.stop()
      expect(await command.ended).toMatchObject({ signal: 'SIGTERM', timedOut: false })
      const isThere = (): boolean => {
        try {
          return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
        } catch {
          return false
        }
      }
      await until(
        () => !isThere(),
        () => 'the end of the child',
      )
    }))

  it('is ended for good when it does not listen', async () => {
    const command = new Command(['/bin/sh', '-c', 'trap "" TERM; echo; while :; do sleep 0.1; done'], [], 1)
    expect(await command.ended).toMatchObject({ signal: expect.stringMatching(/SIGTERM|SIGKILL/) as unknown })
  })
})
