import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { eventTypes, isControlType } from '../../src/events/index.js'
import { toEcs } from '../../src/formats/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'
import { bare, metadata, schemaContext, vim } from '../helpers/goldenEvents.js'
import { ecsFields, ecsValues, misfits } from '../helpers/schemaFields.js'

const hostile = Buffer.from('/srv/caf\xe9.txt', 'latin1')

describe('toEcs', () => {
  it('tells who did what to which file', () => {
    const event = fileEvent('CLOSE_WRITE /home/ada/notes.txt', {
      source: 'fanotify',
      seq: 7,
      processDetails: vim,
      fileMetadata: metadata,
      operationDetails: { description: 'content changed', sizeChange: 12 },
    })
    expect(toEcs(event, schemaContext)).toEqual({
      '@timestamp': '2024-01-01T00:00:00.000000Z',
      ecs: { version: '8.11.0' },
      message: 'content changed',
      event: {
        id: 'run.1',
        kind: 'event',
        category: ['file'],
        type: ['change'],
        action: 'close_write',
        outcome: 'success',
        module: 'fsflow',
        dataset: 'fsflow.file',
        provider: 'fanotify',
        sequence: 7,
      },
      file: {
        path: '/home/ada/notes.txt',
        name: 'notes.txt',
        directory: '/home/ada',
        extension: 'txt',
        type: 'file',
        size: 12,
        mode: '0640',
        uid: '1000',
        gid: '100',
        owner: 'ada',
        inode: '18446744073709551615',
        mtime: '2024-01-01T00:00:00.250Z',
        accessed: '2024-01-01T00:00:00.000Z',
        ctime: '2024-01-01T00:00:00.500Z',
      },
      process: {
        pid: 4711,
        name: 'vim',
        executable: '/usr/bin/vim',
        args: ['vim', 'notes.txt'],
        args_count: 2,
        command_line: 'vim notes.txt',
        working_directory: '/home/ada',
        start: '2023-12-31T23:00:00.000Z',
        parent: { pid: 4700, name: 'bash', executable: '/usr/bin/bash' },
      },
      user: { id: '1000', name: 'ada', group: { id: '100' } },
      host: { hostname: 'ada' },
      fsflow: { actor: 'known', process_resolution: 'live', size_change: 12 },
    })
  })

  it.each([
    ['not asked for', {}],
    ['not known', { processDetails: null, processUnknown: 'inotify does not say' }],
  ])('a process that is %s is stated as unknown, and no user is made up', (_, fields) => {
    const ecs = toEcs(fileEvent('DELETE /a', fields), schemaContext)
    expect(ecs).not.toHaveProperty('process')
    expect(ecs).not.toHaveProperty('user')
    expect(ecs.fsflow).toEqual({
      actor: 'unknown',
      ...('processUnknown' in fields && { process_unknown: 'inotify does not say' }),
    })
    expect(ecs.event).toMatchObject({ type: ['deletion'], action: 'delete' })
  })

  it('says that a process is inferred, and which of its fields are', () => {
    const processDetails = { ...vim, resolution: 'open-files', inferred: ['name'] } as const
    expect(toEcs(fileEvent('MODIFY /a', { processDetails }), schemaContext).fsflow).toEqual({
      actor: 'inferred',
      process_resolution: 'open-files',
      process_inferred: ['name'],
    })
  })

  it('leaves out what could not be read of a process', () => {
    const ecs = toEcs(fileEvent('MODIFY /a', { processDetails: bare }), schemaContext)
    expect(ecs.process).toEqual({ pid: 4711 })
    expect(ecs).not.toHaveProperty('user')
  })

  it('of a rename, the file is the one after it', () => {
    const ecs = toEcs(fileEvent('RENAME /old.c/ -> /b/new.c/'), schemaContext)
    expect(ecs.file).toEqual({ path: '/b/new.c', name: 'new.c', directory: '/b', type: 'dir' })
    expect(ecs.fsflow).toEqual({ actor: 'unknown', old_path: '/old.c' })
  })

  it('has the type and the target of a link', () => {
    const fileMetadata = { ...metadata, fileType: 'symlink', linkTarget: '../b' } as const
    expect(toEcs(fileEvent('CREATE /a', { fileMetadata }), schemaContext).file).toMatchObject({
      type: 'symlink',
      target_path: '../b',
    })
  })

  it('keeps the bytes of a name that is not UTF-8', () => {
    const event = fileEvent('CREATE /', { filePath: hostile.toString(), filePathBytes: hostile })
    const ecs = toEcs(event, schemaContext)
    expect(ecs.file).toMatchObject({ path: '/srv/caf\ufffd.txt', name: 'caf\ufffd.txt' })
    expect(ecs.fsflow).toMatchObject({ file_path_bytes: hostile.toString('base64') })
  })

  it.each([
    ['MONITOR_START', 'start', 'success'],
    ['MONITOR_STOP', 'end', 'success'],
    ['OVERFLOW', 'info', 'failure'],
    ['RECOVERED', 'info', 'success'],
    ['UNMOUNT', 'change', 'success'],
    ['WARNING', 'info', 'unknown'],
  ])('%s is about the host', (type, ecsType, outcome) => {
    const controlDetails = { code: `FSFLOW_${type}`, message: 'so it is', counts: { lost: 3 } }
    const ecs = toEcs(fileEvent(type, { controlDetails }), schemaContext)
    expect(ecs).toMatchObject({
      message: 'so it is',
      event: {
        category: ['host'],
        type: [ecsType],
        outcome,
        code: `FSFLOW_${type}`,
        dataset: 'fsflow.stream',
      },
      fsflow: { counts: { lost: 3 } },
    })
    expect(ecs).not.toHaveProperty('file')
    expect(ecs.fsflow).not.toHaveProperty('actor')
  })

  it.each(eventTypes)('%s has a kind, type and outcome that the schema allows', (type) => {
    const { event } = toEcs(fileEvent({ eventType: type, filePath: '/a' }), schemaContext)
    expect(ecsValues.kind).toContain(event.kind)
    expect(ecsValues.outcome).toContain(event.outcome)
    expect(ecsValues.types[isControlType(type) ? 'host' : 'file']).toContain((event.type as string[])[0])
  })

  it('has only fields of the schema, each of its type, whatever the event', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        expect(misfits(JSON.parse(JSON.stringify(toEcs(event, schemaContext))), ecsFields)).toEqual([])
      }),
    )
  })
})
