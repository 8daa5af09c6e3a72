import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { covers, encodeToken, isSubject, subjectOf } from '../../../src/brokers/nats/natsSubjects.js'
import { fileEvent } from '../../../src/testing/fileEvent.js'
import { hostileNames } from '../../../src/testing/hostileNames.js'

const bytesOf = (name: string | Uint8Array): Buffer => Buffer.from(name as string)

function eventOf(path: Uint8Array) {
  const filePath = Buffer.from(path).toString()
  const isText = Buffer.from(filePath).equals(path)
  return fileEvent({ filePath, ...(!isText && { filePathBytes: new Uint8Array(path) }) })
}

describe('subjectOf', () => {
  it.each([
    ['CREATE /srv/www/index', 'fsflow.web1.srv.www.index'],
    ['CREATE /srv/www/app.ts', 'fsflow.web1.srv.www.app%2Ets'],
    ['CREATE /srv/a b/*', 'fsflow.web1.srv.a%20b.%2A'],
    ['CREATE /srv/>/100%', 'fsflow.web1.srv.%3E.100%25'],
    ['CREATE /srv/é', 'fsflow.web1.srv.%C3%A9'],
    ['MOVE_SELF /', 'fsflow.web1'],
    ['OVERFLOW', 'fsflow.web1.%control'],
  ])('%s is %s', (event, subject) => {
    expect(subjectOf('fsflow', 'web1', fileEvent(event))).toBe(subject)
  })

  it('makes one token of a host name with dots', () => {
    expect(subjectOf('a.b', 'web1.example.org', fileEvent('CREATE /x'))).toBe('a.b.web1%2Eexample%2Eorg.x')
  })

  it('is a subject for every name, another one for each, below that of its directory', () => {
    const subjects = hostileNames.map((name) =>
      subjectOf('p', 'h', eventOf(Buffer.concat([Buffer.from('/d/'), bytesOf(name)]))),
    )
    expect(new Set(subjects).size).toBe(subjects.length)
    for (const subject of subjects) {
      expect(subject).toMatch(/^p\.h\.d\.[!-~]+$/)
      expect(isSubject(subject)).toBe(true)
      expect(covers('p.h.d.>', subject)).toBe(true)
    }
  })

  it('is told apart for any two paths that differ, and can be read back', () => {
    const name = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => bytes.map((b) => b || 1))
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        const path = Buffer.concat(names.flatMap((one) => [Buffer.from('/'), Buffer.from(one)]))
        const decoded = subjectOf('p', 'h', eventOf(path))
          .slice('p.h'.length)
          .replaceAll('.', '/')
          .replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
        const plain = path.toString('latin1').replace(/\/+/g, '/').replace(/\/$/, '')
        expect(decoded).toBe(plain)
      }),
    )
  })

  it('cuts one that is too long at a directory, so that what is above it matches', () => {
    const name = 'x'.repeat(200)
    const subject = subjectOf('p', 'h', fileEvent(`CREATE /a${`/${name}`.repeat(20)}`))
    expect(subject.length).toBeLessThanOrEqual(2048)
    expect(subject.split('.').slice(0, 4)).toEqual(['p', 'h', 'a', name])
    expect(subject.split('.').at(-1)).toBe('%more')
  })
})

describe('encodeToken', () => {
  it('has nothing in it that NATS gives a meaning, for any byte', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect(encodeToken(all)).toMatch(/^[!-~]+$/)
    expect(encodeToken(all)).not.toMatch(/[.*>\s]/)
  })
})

describe('isSubject', () => {
  it.each(['a', 'a.b', 'é', 'a.b-c_d'])('%s is one', (text) => expect(isSubject(text)).toBe(true))

  it.each(['', '.', 'a.', '.a', 'a..b', 'a b', 'a.*', '>', 'a\n', undefined, 7, 'a'.repeat(1025)])(
    '%p is none',
    (text) => expect(isSubject(text)).toBe(false),
  )

  it.each(['*', '>', 'a.*.b', 'a.*.>'])('%s is one with wildcards', (text) =>
    expect(isSubject(text, true)).toBe(true),
  )

  it.each(['a*', '>.a', 'a.>>'])('%s is none with wildcards', (text) =>
    expect(isSubject(text, true)).toBe(false),
  )
})

describe('covers', () => {
  it.each<[string, string, boolean]>([
    ['a.>', 'a.>', true],
    ['>', 'a.>', true],
    ['a.>', 'a.b.>', true],
    ['a.*', 'a.b', true],
    ['a.*', 'a.>', false],
    ['a.b.>', 'a.>', false],
    ['a.>', 'a', false],
    ['a', 'a.b', false],
    ['a.b', 'a', false],
    ['a.b', 'a.*', false],
  ])('%s covers %s: %p', (wide, narrow, result) => expect(covers(wide, narrow)).toBe(result))
})
