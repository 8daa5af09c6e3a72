import { describe, expect, it } from '@jest/globals'
import { operatorInfo } from '../../src/contracts/index.js'
import { watchOperators, type WatchOperatorOptions } from '../../src/pipeline/watchOperators.js'
import { thrownBy } from './fakes.js'

const names = (options: WatchOperatorOptions): string[] =>
  watchOperators(options).map((operator) => operatorInfo(operator).name)

describe('watchOperators', () => {
  it('joins renames and keeps changes by default', () => {
    expect(names({})).toEqual(['resolvePath', 'addWatchOnMkdir', 'joinRenames', 'filterKinds'])
  })

  it('puts each part in its place', () => {
    const all = {
      include: '*.ts',
      exclude: ['dist'],
      debounce: 100,
      metadata: true,
      diff: true,
      process: true,
    }
    expect(names(all)).toEqual([
      'resolvePath',
      'addWatchOnMkdir',
      'joinRenames',
      'filterGlob',
      'filterKinds',
      'debounceByPath',
      'enrichProcess',
      'enrichMetadata',
      'describeOperation',
      'captureContent',
    ])
  })

  it.each([
    ['metadata', ['enrichMetadata', 'describeOperation']],
    ['preview', ['describeOperation', 'captureContent']],
    ['diff', ['describeOperation', 'captureContent']],
  ])('adds for %s what belongs to it', (option, added) => {
    expect(names({ [option]: true }).slice(4)).toEqual(added)
    expect(names({ [option]: false }).slice(4)).toEqual([])
  })

  it.each([
    ['raw', { raw: true }],
    ['MOVED_FROM', { events: 'MOVED_FROM' }],
    ['MOVED_TO in a list', { events: ['CREATE', 'MOVED_TO'] }],
  ] as const)('leaves renames unjoined for %s', (_, options) => {
    expect(names(options)).not.toContain('joinRenames')
  })

  it('follows no directories when it is not recursive', () => {
    expect(names({ recursive: false })).not.toContain('addWatchOnMkdir')
  })

  it('has no filterGlob for empty lists', () => {
    expect(names({ include: [], exclude: [] })).not.toContain('filterGlob')
  })

  it.each([
    ['a type that is none', { events: ['CREATED'] }, 'events'],
    ['no types', { events: [] }, 'events'],
    ['RENAME and raw', { events: 'RENAME', raw: true }, 'events'],
    ['RENAME and its half', { events: ['RENAME', 'MOVED_TO'] }, 'events'],
    ['recursive as text', { recursive: 'yes' }, 'recursive'],
    ['raw as number', { raw: 1 }, 'raw'],
    ['process as text', { process: 'all' }, 'process'],
    ['preview as text', { preview: 'yes' }, 'preview'],
    ['diff as number', { diff: 1 }, 'diff'],
    ['metadata as null', { metadata: null }, 'metadata'],
  ])('refuses %s', (_, options, option) => {
    const error = thrownBy(() => watchOperators(options as WatchOperatorOptions))
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path: option })
  })
})
