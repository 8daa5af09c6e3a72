import { describe, expect, it } from '@jest/globals'
import { EMPTY, Subject, of } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import type { FileEvent, FileMetadata, ProcessDetails } from '../../src/events/index.js'
import { describeOperation, type DescribeOperationOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

const c = fileEvent('CREATE /a')
const w = fileEvent('CLOSE_WRITE /a')
const values = {
  c,
  w,
  o: fileEvent('OVERFLOW'),
  C: c.with({ operationDetails: { description: 'file created, with 3 bytes', sizeChange: 3 } }),
  D: w.with({
    operationDetails: {
      description: 'file closed after writing: 10 bytes, 7 more than before',
      sizeChange: 7,
    },
  }),
  E: w.with({
    operationDetails: {
      description: 'file closed after writing: 4 bytes, 6 fewer than before',
      sizeChange: -6,
    },
  }),
}

/** Answers with one size after the other. */
function sizesOf(...sizes: (number | null)[]) {
  return () => of(sizes.shift() ?? null)
}

/** What the operator says of events: the description and the change of size. */
function told(
  events: readonly (string | FileEvent)[],
  sizes: readonly (number | null)[],
  options: DescribeOperationOptions = {},
): (readonly [string, number | null])[] {
  const out: (readonly [string, number | null])[] = []
  const input = new Subject<FileEvent>()
  input.pipe(describeOperation({ lookup: sizesOf(...sizes), ...options })).subscribe((event) => {
    const { description, sizeChange } = event.operationDetails!
    out.push([description, sizeChange])
  })
  for (const event of events) input.next(typeof event === 'string' ? fileEvent(event) : event)
  return out
}

describe('describeOperation', () => {
  it('says what was done, and the difference to the size that was told last', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --c--w--w--|', values)
      const subscription = '^----------!'
      const expected = '    --C--D--E--|'
      expectObservable(source.pipe(describeOperation({ lookup: sizesOf(3, 10, 4) }))).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  it('keeps the order while an answer is awaited, and lets control events pass', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const sizes = [3, 10]
      const lookup = () => cold('----p|', { p: sizes.shift()! })
      const source = hot('  -cwo-------|', values)
      const expected = '    ---o-C---D-|'
      expectObservable(source.pipe(describeOperation({ lookup }))).toBe(expected, values)
    })
  })

  it('emits what is awaited on complete, and drops it on error', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const lookup = () => cold('----(p|)', { p: 3 })
      expectObservable(hot('-c|', values).pipe(describeOperation({ lookup }))).toBe('-----(C|)', values)
      expectObservable(hot('-c-#', values).pipe(describeOperation({ lookup }))).toBe('---#', values)
    })
  })

  it('fails when the lookup fails', () => {
    const failure = new Error('no answer')
    marbles(({ hot, cold, expectObservable }) => {
      const operator = describeOperation({ lookup: () => cold('-#', undefined, failure) })
      expectObservable(hot('-c--|', values).pipe(operator)).toBe('--#', undefined, failure)
    })
  })

  it.each([
    ['MODIFY /a', 'content of the file changed: 10 bytes, 7 more than before', 7],
    ['DELETE /a', 'file deleted: it had 3 bytes', -3],
    ['OPEN /a', 'file opened', 0],
    ['OPEN_EXEC /a', 'file opened for execution', 0],
    ['ACCESS /a', 'file read', 0],
    ['CLOSE_NOWRITE /a', 'file closed after reading', 0],
    ['ATTRIB /a', 'permissions, owner, times or links of the file changed', 0],
    ['MOVED_FROM /a #1', 'file moved away', 0],
    ['MOVED_TO /a #1', 'file moved here: 10 bytes, 7 more than before', 7],
    ['RENAME /b -> /a', 'file renamed, from /b: 10 bytes, 7 more than before', 7],
    ['RENAME /a -> /b', 'file renamed, from /a: 10 bytes, 7 more than before', 7],
    ['DELETE_SELF /a', 'watched file deleted: it had 3 bytes', -3],
    ['MOVE_SELF /a', 'watched file moved', 0],
  ])('of a file with 3 bytes, %s says: %s', (text, description, change) => {
    expect(told(['CREATE /a', text], [3, 10])[1]).toEqual([description, change])
  })

  it('says that a size is as before, and that a new file is empty', () => {
    expect(told(['CREATE /a', 'MODIFY /a', 'RENAME /a -> /b'], [0, 0, 0])).toEqual([
      ['file created, empty', 0],
      ['content of the file changed: 0 bytes as before', 0],
      ['file renamed, from /a', 0],
    ])
  })

  it('does not know the difference at the first sight, when the file is gone, and of directories', () => {
    expect(told(['MODIFY /a', 'MODIFY /a', 'MODIFY /a', 'DELETE /a', 'CREATE /d/'], [1, null, 2])).toEqual([
      ['content of the file changed: 1 byte', null],
      ['content of the file changed', null],
      ['content of the file changed: 2 bytes', null],
      ['file deleted: it had 2 bytes', -2],
      ['directory created', null],
    ])
  })

  it('follows renamed directories, and forgets deleted ones', () => {
    expect(told(['CREATE /d/a', 'RENAME /d/ -> /e/', 'MODIFY /e/a'], [3, 4])[2]![1]).toBe(1)
    expect(told(['CREATE /d/a', 'DELETE /d/', 'MODIFY /d/a'], [3, 4])[2]![1]).toBeNull()
  })

  it('remembers so many sizes, those that changed last', () => {
    const events = ['CREATE /a', 'CREATE /b', 'CREATE /c', 'MODIFY /a', 'MODIFY /c']
    const changes = told(events, [1, 1, 1, 2, 2], { maxPaths: 2 }).map(([, change]) => change)
    expect(changes).toEqual([1, 1, 1, null, 1])
  })

  it('takes the size from the metadata, and names the type and the process', () => {
    const metadata = { fileType: 'symlink', size: 9 } as FileMetadata
    const details = { pid: 42, name: 'vim' } as ProcessDetails
    const lookup = () => {
      throw new Error('looked')
    }
    const file = { ...metadata, fileType: 'file' } as const
    expect(
      told(
        [
          fileEvent('CREATE /a', { fileMetadata: file, processDetails: details }),
          fileEvent('CREATE /b', { fileMetadata: metadata, processDetails: { ...details, name: null } }),
          fileEvent('MODIFY /a', { fileMetadata: null }),
        ],
        [],
        { lookup },
      ),
    ).toEqual([
      ['file created by vim (42), with 9 bytes', 9],
      ['symlink created by process (42)', null],
      ['content of the file changed', null],
    ])
  })

  it('keeps details that are there, and passes what has no path', () => {
    const operationDetails = { description: 'x', sizeChange: 1 }
    const events = { k: fileEvent('MODIFY /a', { operationDetails }), n: fileEvent({ filePath: '' }) }
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('kn|', events).pipe(describeOperation({ lookup: () => EMPTY }))).toBe(
        'kn|',
        events,
      )
    })
  })

  it('looks at the real file by default', () => {
    const out: FileEvent[] = []
    const input = new Subject<FileEvent>()
    input.pipe(describeOperation()).subscribe((event) => out.push(event))
    input.next(fileEvent(`MODIFY ${process.execPath}`))
    input.next(fileEvent('MODIFY /no/such/file'))
    expect(out.map((event) => event.operationDetails!.description)).toEqual([
      expect.stringMatching(/^content of the file changed: \d{7,} bytes$/),
      'content of the file changed',
    ])
  })

  it('shows itself to the plan: it needs to see where files come from and go to', () => {
    const info = operatorInfo(describeOperation({ maxPaths: 7 }))
    expect(info).toMatchObject({ name: 'describeOperation', options: { maxPaths: 7 }, needsPath: true })
    expect([...info.needsTypes!(new Set(['MODIFY']))]).toEqual(expect.arrayContaining(['RENAME', 'DELETE']))
  })

  it.each([
    [{ lookup: 1 }, 'lookup'],
    [{ maxPaths: 0 }, 'maxPaths'],
    [{ size: 1 }, 'size'],
    ['all', 'options'],
  ])('refuses %p', (options, path) => {
    expect(() => describeOperation(options as DescribeOperationOptions)).toThrow(
      expect.objectContaining({ code: 'FSFLOW_INVALID_OPTION', path }),
    )
  })

  describe('laws', () => {
    for (const { name, run } of operatorLaws(() => describeOperation({ lookup: () => of(5) }))) it(name, run)
  })
})
