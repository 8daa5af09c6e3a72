import { describe, expect, it } from '@jest/globals'
import { diagnosisJson, diagnosisText, type Diagnosis } from '../../../src/cli/terminal/renderDiagnosis.js'

const bare: Diagnosis = {
  system: {
    kernel: '6.1.0',
    uid: 1000,
    userName: null,
    capabilities: undefined,
    bindings: [
      { name: 'koffi', problem: 'no build\u001b[2J', chosen: false },
      { name: 'node-inotify', problem: undefined, chosen: true },
    ],
    fanotify: { problem: 'fanotify needs CAP_SYS_ADMIN' },
    watches: { limit: undefined, used: 3, free: Infinity },
    instances: { limit: 128, used: 1, free: 127 },
    queuedEvents: undefined,
    users: [],
  },
  path: undefined,
  advice: [],
}

const mount = { id: 1, parent: 0, device: '8:1', root: '/', source: 'me@host:/x' }
const full: Diagnosis = {
  system: {
    ...bare.system,
    userName: 'me',
    capabilities: { CAP_SYS_ADMIN: false, CAP_DAC_READ_SEARCH: true, CAP_NET_ADMIN: false },
    bindings: [{ name: 'koffi', problem: undefined, chosen: true }],
    fanotify: { problem: undefined },
    watches: { limit: 8192, used: 3, free: 8189 },
    queuedEvents: 16384,
    users: Array.from({ length: 12 }, (_, i) => ({
      name: `node${i}`,
      pid: i + 1,
      uid: i === 0 ? undefined : 1000,
      instances: 1,
      watches: 2000 - i,
    })),
  },
  path: {
    path: '/home/me\nx',
    isDirectory: true,
    directories: 9000,
    watchesNeeded: 9004,
    unreadable: 1,
    crawlMs: 12.3,
    mounts: [
      {
        mount: { ...mount, mountPoint: '/', type: 'ext4' },
        view: { view: 'full', polled: false },
        isFile: false,
        below: '',
        fanotify: { problem: undefined },
      },
      {
        mount: { ...mount, mountPoint: '/home/me/\xff', type: 'fuse.sshfs' },
        view: { view: 'partial', polled: true, blind: 'x' },
        isFile: false,
        below: '',
        fanotify: { problem: 'not permitted' },
      },
      {
        mount: { ...mount, mountPoint: '/m', type: 'odd' },
        view: { view: 'unknown', polled: false },
        isFile: false,
        below: '',
        fanotify: undefined,
      },
      {
        mount: { ...mount, mountPoint: '/m/f', type: 'ext4' },
        view: { view: 'full', polled: false },
        isFile: true,
        below: '',
        fanotify: undefined,
      },
    ],
    heaviest: [
      { glob: 'node_modules', directories: 8000, places: 2 },
      { glob: "/it's \\*", directories: 500, places: 1 },
    ],
  },
  advice: [{ message: 'Too few.', sysctl: 'fs.inotify.max_user_watches=524288', required: true }],
}

describe('diagnosisText', () => {
  it('tells of the system', () => {
    expect(diagnosisText(bare).split('\n')).toEqual([
      'system',
      '  kernel            Linux 6.1.0',
      '  user              uid 1000',
      '  capabilities      unknown',
      '                    the inotify source needs none; CAP_DAC_READ_SEARCH lets it read every directory',
      'bindings of inotify',
      '  koffi             no build\\x1B[2J',
      '  node-inotify      works, and is the one that auto chooses',
      'the fanotify source, which also tells the process',
      '  fanotify          fanotify needs CAP_SYS_ADMIN',
      'limits of inotify for each user',
      '  watches           3 in use by this user, limit unknown',
      '  instances         128, of which this user has 1 in use and 127 free',
      '  queue             unknown events for each instance',
      'who uses inotify',
      '  nobody            of those who can be looked at',
      'what to change',
      '  nothing',
    ])
  })

  it('tells of users, the path, its filesystems and its heaviest parts in tables, and what to change', () => {
    const text = diagnosisText(full)
    expect(text).toContain(
      '  capabilities      CAP_SYS_ADMIN no, CAP_DAC_READ_SEARCH yes, CAP_NET_ADMIN no\n',
    )
    expect(text).toContain(
      [
        '  queue             16,384 events for each instance',
        'who uses inotify',
        '  name   pid  uid   instances  watches',
        '  node0  1    ?     1          2,000',
        '  node1  2    1000  1          1,999',
      ].join('\n'),
    )
    expect(text).toContain('  node9  10   1000  1          1,991\n  and 2 processes more\npath\n')
    expect(text.slice(text.indexOf('\npath\n')).split('\n').slice(1)).toEqual([
      'path',
      '  directory         /home/me\\nx',
      '  directories       9,000, listed in 12 ms',
      '  watches needed    9,004 of 8,189 free',
      '  unreadable        1 directory',
      'filesystems at and below it, and which source fits',
      '  /              ext4        inotify, which sees all changes; fanotify, which also tells the process',
      '  /home/me/\\xFF  fuse.sshfs  inotify with polling: inotify does not see x',
      '  /m             odd         inotify; it is not known whether that sees all changes',
      '  /m/f           ext4        none: neither inotify nor fanotify sees changes of a single file that is mounted over a name',
      'parts that cost most watches: exclude those that you do not need',
      '  8,000  --exclude node_modules   in 2 places',
      "  500    --exclude '/it'\\''s \\*'",
      'what to change',
      '  Too few.',
      '    sudo sysctl fs.inotify.max_user_watches=524288',
    ])
  })
})

describe('diagnosisJson', () => {
  it('is one object, with null for what is not known', () => {
    expect(JSON.parse(diagnosisJson(bare))).toEqual({
      kernel: '6.1.0',
      uid: 1000,
      user_name: null,
      capabilities: null,
      bindings: [
        { name: 'koffi', works: false, chosen: false, problem: 'no build\u001b[2J' },
        { name: 'node-inotify', works: true, chosen: true },
      ],
      fanotify: { works: false, problem: 'fanotify needs CAP_SYS_ADMIN' },
      limits: {
        watches: { limit: null, used: 3, free: null },
        instances: { limit: 128, used: 1, free: 127 },
        queued_events: null,
      },
      users: [],
      path: null,
      advice: [],
      watchable: true,
    })
  })

  it('tells of the path', () => {
    const { users, path, advice, watchable } = JSON.parse(diagnosisJson(full)) as Record<string, unknown>
    expect((users as unknown[])[0]).toEqual({ name: 'node0', pid: 1, uid: null, instances: 1, watches: 2000 })
    expect(path).toEqual({
      path: '/home/me\nx',
      is_directory: true,
      directories: 9000,
      watches_needed: 9004,
      unreadable: 1,
      crawl_ms: 12,
      mounts: [
        {
          mount_point: '/',
          type: 'ext4',
          source: 'me@host:/x',
          inotify: 'full',
          fanotify: { works: true },
          fits: ['inotify', 'fanotify'],
        },
        {
          mount_point: '/home/me/\ufffd',
          mount_point_bytes: Buffer.from('/home/me/\xff', 'latin1').toString('base64'),
          type: 'fuse.sshfs',
          source: 'me@host:/x',
          inotify: 'partial',
          unseen: 'x',
          fanotify: { works: false, problem: 'not permitted' },
          fits: ['inotify', 'polling'],
        },
        {
          mount_point: '/m',
          type: 'odd',
          source: 'me@host:/x',
          inotify: 'unknown',
          fanotify: null,
          fits: ['inotify'],
        },
        {
          mount_point: '/m/f',
          type: 'ext4',
          source: 'me@host:/x',
          single_file: true,
          inotify: 'partial',
          unseen: 'changes of a single file that is mounted over a name',
          fanotify: null,
          fits: [],
        },
      ],
      excludes: full.path!.heaviest,
    })
    expect({ advice, watchable }).toEqual({ advice: full.advice, watchable: false })
  })
})
