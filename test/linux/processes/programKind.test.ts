import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readFileSync, realpathSync } from 'node:fs'
import { endianness } from 'node:os'
import { programKind, PROGRAM_HEAD_BYTES, readProgramKind } from '../../../src/linux/processes/programKind.js'

const head = (path: string): Uint8Array => readFileSync(path).subarray(0, PROGRAM_HEAD_BYTES)

/** A header with one program header of this type. */
function elf(type: number, little = endianness() === 'LE'): Buffer {
  const buffer = Buffer.alloc(128)
  buffer.write('\x7fELF', 'latin1')
  buffer[4] = 2
  buffer[5] = little ? 1 : 2
  buffer.writeBigUInt64LE(64n, 32)
  buffer.writeUInt16LE(56, 54)
  buffer.writeUInt16LE(1, 56)
  buffer.writeUInt32LE(type, 64)
  return buffer
}

describe('programKind', () => {
  it('knows the programs of this system', () => {
    expect(programKind(head(realpathSync('/bin/sh')), 'sh')).toBe('dynamic')
    const maps = readFileSync('/proc/self/maps', 'utf8')
    const loader = /\S*\/(ld-\S*|ld\.so\S*)$/m.exec(maps)![0]
    expect(readProgramKind(loader, loader.slice(loader.lastIndexOf('/') + 1))).toBe('loader')
  })

  it.each([
    ['#!/bin/sh\n', 'script'],
    ['#! /usr/bin/env node\n', 'script'],
    ['echo x\n', 'other'],
    ['#', 'other'],
    ['', 'other'],
    ['\x7fELF', 'other'],
  ])('takes %j for %s', (text, kind) => {
    expect(programKind(Buffer.from(text, 'latin1'), 'x')).toBe(kind)
  })

  it('tells who needs a loader', () => {
    expect(programKind(elf(3), 'x')).toBe('dynamic')
    expect(programKind(elf(1), 'x')).toBe('static')
    expect(programKind(elf(1), 'ld-musl-x86_64.so.1')).toBe('loader')
    expect(programKind(elf(3, endianness() !== 'LE'), 'x')).toBe('other')
  })

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isElf) => {
        if (isElf) bytes.set(Buffer.from('\x7fELF\x02\x01', 'latin1').subarray(0, bytes.length))
        expect(['script', 'dynamic', 'loader', 'static', 'other']).toContain(programKind(bytes, 'x'))
      }),
    )
  })

  it('does not know what it cannot read', () => {
    expect(readProgramKind('/nowhere', 'x')).toBeNull()
    expect(readProgramKind('/', 'x')).toBeNull()
  })
})
