import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { toOcsf } from '../../src/formats/index.js'
import { fileEvent } from '../../src/testing/fileEvent.js'
import { arbitraryEvent } from '../helpers/arbitraryEvent.js'
import { bare, metadata, schemaContext, vim } from '../helpers/goldenEvents.js'
import { misfits, ocsfCaptions, ocsfFields, ocsfLacks, ocsfRequired } from '../helpers/schemaFields.js'

const hostile = Buffer.from('/srv/caf\xe9.txt', 'latin1')
const unknownUser = { name: 'Unknown', type_id: 0, type: 'Unknown' }

describe('toOcsf', () => {
  it('tells who did what to which file', () => {
    const event = fileEvent('CLOSE_WRITE /home/ada/notes.txt', {
      timestampMicros: 1_704_067_200_123_999,
      source: 'fanotify',
      seq: 7,
      processDetails: vim,
      fileMetadata: metadata,
      operationDetails: { description: 'content changed', sizeChange: 12 },
    })
    const user = { uid: '1000', name: 'ada', groups: [{ uid: '100' }] }
    const program = (name: string): object => ({
      name,
      type_id: 1,
      type: 'Regular File',
      path: `/usr/bin/${name}`,
      parent_folder: '/usr/bin',
    })
    expect(toOcsf(event, schemaContext)).toEqual({
      class_uid: 1001,
      class_name: 'File System Activity',
      category_uid: 1,
      category_name: 'System Activity',
      activity_id: 3,
      activity_name: 'Update',
      type_uid: 100103,
      severity_id: 1,
      severity: 'Informational',
      status_id: 1,
      status: 'Success',
      time: 1_704_067_200_123,
      message: 'content changed',
      metadata: {
        version: '1.5.0',
        product: { name: 'fsflow', vendor_name: 'fsflow' },
        profiles: ['host'],
        uid: 'run.1',
        sequence: 7,
        event_code: 'CLOSE_WRITE',
        log_provider: 'fanotify',
      },
      device: { hostname: 'ada', type_id: 0, type: 'Unknown' },
      actor: {
        process: {
          pid: 4711,
          name: 'vim',
          cmd_line: 'vim notes.txt',
          working_directory: '/home/ada',
          created_time: 1_704_063_600_000,
          file: program('vim'),
          user,
          parent_process: { pid: 4700, name: 'bash', file: program('bash') },
        },
        user,
      },
      file: {
        name: 'notes.txt',
        type_id: 1,
        type: 'Regular File',
        path: '/home/ada/notes.txt',
        parent_folder: '/home/ada',
        ext: 'txt',
        uid: '18446744073709551615',
        size: 12,
        owner: { uid: '1000', name: 'ada' },
        modified_time: 1_704_067_200_250,
        accessed_time: 1_704_067_200_000,
        xattributes: { mode: '0640', gid: '100', hard_link_count: 2 },
      },
      unmapped: { actor: 'known', process_resolution: 'live', size_change: 12 },
    })
  })

  it.each([
    ['not asked for', {}],
    ['not known', { processDetails: null, processUnknown: 'inotify does not say' }],
  ])('a process that is %s is an actor of the type Unknown', (_, fields) => {
    const ocsf = toOcsf(fileEvent('DELETE /a', fields), schemaContext)
    expect(ocsf).toMatchObject({ activity_id: 4, type_uid: 100104, actor: { user: unknownUser } })
    expect(ocsf.actor).not.toHaveProperty('process')
    expect(ocsf.unmapped).toEqual({
      actor: 'unknown',
      ...('processUnknown' in fields && { process_unknown: 'inotify does not say' }),
    })
  })

  it('says that a process is inferred', () => {
    const processDetails = { ...vim, resolution: 'open-files' } as const
    expect(toOcsf(fileEvent('MODIFY /a', { processDetails }), schemaContext).unmapped).toMatchObject({
      actor: 'inferred',
      process_resolution: 'open-files',
    })
  })

  it('leaves out what could not be read of a process', () => {
    const ocsf = toOcsf(fileEvent('MODIFY /a', { processDetails: bare }), schemaContext)
    expect(ocsf.actor).toEqual({ process: { pid: 4711 } })
  })

  it('a user of whom neither name nor id is known is none', () => {
    const ocsf = toOcsf(fileEvent('MODIFY /a', { processDetails: { ...bare, gid: 7 } }), schemaContext)
    expect(ocsf.actor).toEqual({ process: { pid: 4711 } })
  })

  it('says in which container a process is, by the profile for it', () => {
    const processDetails = { ...bare, containerId: 'f00d' }
    expect(toOcsf(fileEvent('MODIFY /a', { processDetails }), schemaContext)).toMatchObject({
      actor: { process: { pid: 4711, container: { uid: 'f00d' } } },
      metadata: { profiles: ['container', 'host'] },
    })
  })

  it('of a rename, file is before and file_result after it, with what is known of it now', () => {
    const event = fileEvent('RENAME /old -> /b/new', { fileMetadata: metadata })
    const ocsf = toOcsf(event, schemaContext)
    expect(ocsf).toMatchObject({ activity_id: 5, type_uid: 100105 })
    expect(ocsf.file).toEqual({
      name: 'old',
      type_id: 1,
      type: 'Regular File',
      path: '/old',
      parent_folder: '/',
    })
    expect(ocsf.file_result).toMatchObject({ name: 'new', path: '/b/new', size: 12 })
  })

  it.each([
    ['CREATE /a/', 1, 'Create'],
    ['ACCESS /a', 2, 'Read'],
    ['MODIFY /a', 3, 'Update'],
    ['DELETE_SELF /a', 4, 'Delete'],
    ['MOVED_FROM /a #7', 5, 'Rename'],
    ['MOVE_SELF /a', 5, 'Rename'],
    ['ATTRIB /a', 6, 'Set Attributes'],
    ['UNMOUNT /a', 13, 'Unmount'],
    ['OPEN /a', 14, 'Open'],
    ['OPEN_EXEC /a', 14, 'Open'],
    ['MOVED_TO /a #7', 99, 'Moved To'],
    ['CLOSE_NOWRITE /a', 99, 'Close Nowrite'],
  ])('%s', (description, id, name) => {
    expect(toOcsf(fileEvent(description), schemaContext)).toMatchObject({
      class_uid: 1001,
      activity_id: id,
      activity_name: name,
      type_uid: 100_100 + id,
      metadata: { event_code: description.split(' ')[0] },
    })
  })

  it('says what kind of file it is as far as it is known', () => {
    const typeOf = (event: Parameters<typeof toOcsf>[0]): unknown =>
      (toOcsf(event, schemaContext).file as { type_id: number }).type_id
    expect(typeOf(fileEvent('CREATE /a'))).toBe(0)
    expect(typeOf(fileEvent('CREATE /a/'))).toBe(2)
    expect(typeOf(fileEvent('UNMOUNT /mnt'))).toBe(2)
    expect(typeOf(fileEvent('CREATE /a', { fileMetadata: { ...metadata, fileType: 'symlink' } }))).toBe(7)
  })

  it('keeps the bytes of a name that is not UTF-8', () => {
    const event = fileEvent('CREATE /', { filePath: hostile.toString(), filePathBytes: hostile })
    const ocsf = toOcsf(event, schemaContext)
    expect(ocsf.file).toMatchObject({ path: '/srv/caf\ufffd.txt', name: 'caf\ufffd.txt' })
    expect(ocsf.unmapped).toMatchObject({ file_path_bytes: hostile.toString('base64') })
  })

  it.each([
    ['MONITOR_START', 1, 1, 'Monitor Start'],
    ['MONITOR_STOP', 1, 1, 'Monitor Stop'],
    ['OVERFLOW', 4, 2, 'Overflow'],
    ['RECOVERED', 1, 1, 'Recovered'],
    ['WARNING', 3, 99, 'Warning'],
  ])('%s is a base event', (type, severity, status, name) => {
    const controlDetails = { code: `FSFLOW_${type}`, message: 'so it is', counts: { lost: 3 } }
    const ocsf = toOcsf(fileEvent(type, { controlDetails }), schemaContext)
    expect(ocsf).toMatchObject({
      class_uid: 0,
      category_uid: 0,
      activity_id: 99,
      activity_name: name,
      type_uid: 99,
      severity_id: severity,
      status_id: status,
      message: 'so it is',
      metadata: { event_code: `FSFLOW_${type}` },
      unmapped: { counts: { lost: 3 } },
    })
    expect(ocsf).not.toHaveProperty('file')
    expect(ocsf).not.toHaveProperty('actor')
  })

  it('gives each number the caption that the schema has for it, whatever the event', () => {
    const caption = (of: keyof typeof ocsfCaptions, id: unknown, own: unknown): unknown =>
      id === 99 ? own : (ocsfCaptions[of] as Record<number, string>)[id as number]
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        const ocsf = toOcsf(event, schemaContext)
        expect(ocsf.activity_name).toBe(caption('activity', ocsf.activity_id, ocsf.activity_name))
        expect(ocsf.severity).toBe(caption('severity', ocsf.severity_id, ocsf.severity))
        expect(ocsf.status).toBe(caption('status', ocsf.status_id, ocsf.status))
        for (const file of [ocsf.file, ocsf.file_result] as (
          { type_id: number; type: string } | undefined
        )[]) {
          if (file !== undefined) expect(file.type).toBe(caption('file', file.type_id, undefined))
        }
      }),
    )
  })

  it('has all that is required and only fields of the schema, each of its type, whatever the event', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        const ocsf = toOcsf(event, schemaContext)
        const required = [...ocsfRequired.both, ...(ocsf.class_uid === 1001 ? ocsfRequired.file : [])]
        expect(Object.keys(ocsf)).toEqual(expect.arrayContaining(required))
        expect(ocsfLacks(ocsf)).toEqual([])
        expect(misfits(JSON.parse(JSON.stringify(ocsf)), ocsfFields)).toEqual([])
      }),
    )
  })
})
