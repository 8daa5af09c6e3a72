import { describe, expect, it } from '@jest/globals'
import type { Sink } from '../../../src/contracts/index.js'
import { csv, json, ndjson, text } from '../../../src/sinks/index.js'

const sinks: readonly (readonly [string, (options?: object) => Sink])[] = [
  ['text', text],
  ['ndjson', ndjson],
  ['json', json],
  ['csv', csv],
]

describe.each(sinks)('the options of %s', (name, create) => {
  it('may all be left out', () => {
    expect(create().name).toBe(name)
    expect(create({}).description).toContain('to standard output')
    expect(create({ mkdir: false }).description).toContain('to standard output')
  })

  it('path is taken from the working directory, at once', () => {
    expect(create({ path: 'logs/events' }).description).toContain(`appended to ${process.cwd()}/logs/events`)
  })

  it.each([
    [{ file: 'x' }, 'file is not an option'],
    [{ path: '' }, 'path is empty'],
    [{ path: 1 }, 'path must be a string'],
    [{ path: null }, 'path must be a string'],
    [{ path: 'a\0b' }, 'path has a NUL character in it'],
    [{ path: 'logs/' }, 'path names a directory'],
    [{ path: 'x', mkdir: 1 }, 'mkdir must be a boolean'],
    [{ mkdir: true }, 'mkdir needs a path'],
    [null, 'options must be an object'],
    ['events.log', 'options must be an object'],
  ])('%j is refused', (options, message) => {
    expect(() => create(options as object)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', message: `${name}: ${message}` }),
    )
  })
})

describe('the options of text alone', () => {
  it.each([
    [{ color: 'yes' }, "text: color must be 'auto', true or false"],
    [{ color: null }, "text: color must be 'auto', true or false"],
    [{ long: 'yes' }, 'text: long must be a boolean'],
  ])('%j is refused', (options, message) => {
    expect(() => text(options as object)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', message }),
    )
  })
})
