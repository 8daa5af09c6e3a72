import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { toCard, toText } from '../../src/formats/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'

const time = '2026-01-01T00:00:00.000Z'

const full = fileEvent('MODIFY /tree/name', {
  fileMetadata: {
    permissions: '-rw-r--r--',
    permissionsOctal: '0644',
    ownerUid: 1000,
    ownerGid: 1001,
    ownerName: 'ada',
    groupName: null,
    size: 12,
    modified: time,
    accessed: time,
    changed: time,
    created: null,
    inode: '99',
    hardLinks: 2,
    fileType: 'file',
  },
  processDetails: {
    pid: 42,
    ppid: 1,
    name: 'vim',
    exePath: '/usr/bin/vim',
    cmdline: ['vim', 'a b', "it's", ''],
    cwd: '/tree',
    uid: 1000,
    gid: 1001,
    username: 'ada',
    state: 'S',
    startTime: time,
    cpuUsage: 1.5,
    memoryRss: 10,
    memoryVms: 20,
    numThreads: 3,
    openFiles: ['/tree/name', '/dev/pts/0'],
    environment: { HOME: '/home/ada', KEY: 'a\nb' },
    limits: { 'Max open files': { soft: '1024', hard: 'unlimited' } },
    ioStats: { readBytes: 1, writeBytes: 2, readSyscalls: 3, writeSyscalls: 4 },
    resolution: 'cache',
  },
  operationDetails: { description: 'content changed', sizeChange: 3 },
  contentPreview: {
    before: 'one\n\u001b',
    after: null,
    diffSummary: '+1 -0',
    truncated: true,
    binary: false,
  },
})

describe('toCard', () => {
  it('is the line, a section a detail, and an empty line', () => {
    expect(toCard(full).split('\n')).toEqual([
      toText(full).trimEnd(),
      '  event',
      '    timestamp       2024-01-01T00:00:00.000000Z',
      '    seq             1',
      '    source          test',
      '  file',
      '    type            file',
      '    permissions     -rw-r--r-- (0644)',
      '    owner           ada (1000)',
      '    group           1001',
      '    size            12 bytes',
      `    modified        ${time}`,
      `    accessed        ${time}`,
      `    changed         ${time}`,
      '    created         not known',
      '    inode           99',
      '    hard links      2',
      '  process',
      '    name            vim',
      '    pid             42',
      '    parent pid      1',
      '    executable      /usr/bin/vim',
      `    command line    vim 'a b' 'it'"'"'s' ''`,
      '    directory       /tree',
      '    user            ada (1000)',
      '    group id        1001',
      '    state           S',
      `    started         ${time}`,
      '    cpu             1.5 %',
      '    resident memory 10 bytes',
      '    virtual memory  20 bytes',
      '    threads         3',
      '    open files      /tree/name',
      '                    /dev/pts/0',
      '    environment     HOME=/home/ada',
      '                    KEY=a\\nb',
      '    limits          Max open files: 1024, at most unlimited',
      '    read            1 bytes in 3 calls',
      '    written         2 bytes in 4 calls',
      '    known from      learned before the process ended',
      '  operation',
      '    description     content changed',
      '    size change     +3 bytes',
      '  content',
      '    difference      +1 -0',
      '    before          | one',
      '                    | \\x1B',
      '    after           not known',
      '    truncated       yes',
      '',
      '',
    ])
  })

  it('has no section for what was not asked for', () => {
    expect(toCard(fileEvent('CREATE /a')).match(/^ {2}\w+$/gm)).toEqual(['  event'])
  })

  it('says what is not known, and why', () => {
    const card = toCard(
      fileEvent('OPEN /a', { processDetails: null, processUnknown: 'it has ended', fileMetadata: null }),
    )
    expect(card).toContain('  file\n    not known\n  process\n    not known: it has ended\n')
  })

  it('tells cookie, scans and folded records', () => {
    const card = toCard(fileEvent('MOVED_FROM /a #7', { synthetic: true, merged: true }))
    expect(card).toMatch(/cookie {10}7\n {4}synthetic {7}yes: .*\n {4}merged {10}yes: /)
  })

  it('tells where a symbolic link leads', () => {
    const fileMetadata = { ...full.fileMetadata!, fileType: 'symlink', linkTarget: 'a\u001bb' } as const
    expect(toCard(full.with({ fileMetadata }))).toContain('symlink\n    leads to        a\\x1Bb\n')
  })

  it('tells the difference, and why there is no content', () => {
    const contentPreview = {
      ...full.contentPreview!,
      before: null,
      beforeMissing: 'it was not seen before',
      afterMissing: 'it was gone',
      diff: '--- a/x\n-\u001b\n',
      notStored: 'no space\n',
    }
    expect(toCard(full.with({ contentPreview })).split('\n').slice(-8)).toEqual([
      '    before          not known: it was not seen before',
      '    after           not known: it was gone',
      '    diff            | --- a/x',
      '                    | -\\x1B',
      '    truncated       yes',
      '    not stored      no space\\n',
      '',
      '',
    ])
  })

  it('tells the batch', () => {
    const card = toCard(fileEvent('CREATE /a', { batchId: 3, batchSize: 12 }))
    expect(card).toMatch(/\n {4}batch {11}3\n {4}batch size {6}12\n/)
  })

  it('tells all that an event about the stream says', () => {
    const controlDetails = {
      code: 'FSFLOW_KERNEL',
      message: 'events were lost',
      hint: 'wait',
      counts: { lost: 3 },
    }
    expect(toCard(fileEvent('OVERFLOW', { controlDetails }))).toContain(
      '  stream\n    code            FSFLOW_KERNEL\n    message         events were lost\n' +
        '    hint            wait\n    lost            3\n',
    )
  })

  it('holds nothing that steers a terminal, whatever the event', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        expect(toCard(event).replaceAll('\n', '')).not.toMatch(/\p{Control}|\p{Bidi_Control}/u)
      }),
    )
  })

  it('colours as toText does', () => {
    expect(toCard(full, { color: true }).split('\n')[0]).toBe(toText(full, { color: true }).trimEnd())
  })

  it('refuses an option that it does not know', () => {
    expect(() => toCard(full, { wide: true } as object)).toThrow('toCard: wide is not an option')
  })
})
