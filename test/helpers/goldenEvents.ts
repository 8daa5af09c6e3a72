import type { FileMetadata, ProcessDetails } from '../../src/events/index.js'
import type { SchemaContext } from '../../src/formats/index.js'

export const schemaContext: SchemaContext = { id: 'run.1', host: 'ada' }

/** A process as `enrichProcess` tells it, with its parent. */
export const vim: ProcessDetails = {
  pid: 4711,
  ppid: 4700,
  name: 'vim',
  exePath: '/usr/bin/vim',
  cmdline: ['vim', 'notes.txt'],
  cwd: '/home/ada',
  uid: 1000,
  gid: 100,
  username: 'ada',
  state: 'S',
  startTime: '2023-12-31T23:00:00.000Z',
  ancestors: [{ pid: 4700, name: 'bash', exePath: '/usr/bin/bash' }],
  containerId: '',
  resolution: 'live',
}

/** A process of which nothing but its number could be read. */
export const bare: ProcessDetails = {
  pid: 4711,
  ppid: null,
  name: null,
  exePath: null,
  cmdline: null,
  cwd: null,
  uid: null,
  gid: null,
  username: null,
  state: null,
  startTime: null,
  resolution: 'cache',
}

export const metadata: FileMetadata = {
  permissions: '-rw-r-----',
  permissionsOctal: '0640',
  ownerUid: 1000,
  ownerGid: 100,
  ownerName: 'ada',
  groupName: null,
  size: 12,
  modified: '2024-01-01T00:00:00.250Z',
  accessed: '2024-01-01T00:00:00.000Z',
  changed: '2024-01-01T00:00:00.500Z',
  created: null,
  inode: '18446744073709551615',
  hardLinks: 2,
  fileType: 'file',
}
