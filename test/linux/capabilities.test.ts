import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { effectiveCapabilities } from '../../src/linux/capabilities.js'
import { itWith, program, root } from '../helpers/requires.js'

const module = fileURLToPath(new URL('../../src/linux/capabilities.js', import.meta.url))

function as(...prefix: string[]): unknown {
  const code = `import(${JSON.stringify(module)}).then((m) => console.log(JSON.stringify(m.effectiveCapabilities())))`
  const line = [...prefix, process.execPath, '-e', code]
  const { stdout, stderr } = spawnSync(line[0]!, line.slice(1), {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return JSON.parse(stdout || JSON.stringify(stderr))
}

describe('effectiveCapabilities', () => {
  it('tells of this process', () => {
    expect(Object.keys(effectiveCapabilities()!).sort()).toEqual([
      'CAP_DAC_READ_SEARCH',
      'CAP_NET_ADMIN',
      'CAP_SYS_ADMIN',
    ])
  })

  itWith([root, program('setpriv')], 'tells each from the others', () => {
    expect(as('setpriv', '--bounding-set', '-net_admin')).toEqual({
      ...effectiveCapabilities(),
      CAP_NET_ADMIN: false,
    })
    expect(as('setpriv', '--bounding-set', '-all,+dac_read_search')).toEqual({
      CAP_DAC_READ_SEARCH: true,
      CAP_NET_ADMIN: false,
      CAP_SYS_ADMIN: false,
    })
  })
})
