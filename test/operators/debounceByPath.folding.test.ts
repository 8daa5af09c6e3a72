import { describe, expect, it } from '@jest/globals'
import { Subject, VirtualTimeScheduler } from 'rxjs'
import type { FileEvent } from '../../src/events/index.js'
import { debounceByPath, joinRenames, type DebounceByPathOptions } from '../../src/operators/index.js'
import { fileEvent } from '../../src/testing/index.js'

/** Events 1 ms apart, numbered from 1; what is told, as `TYPE path #seq`. */
function told(
  events: readonly (string | FileEvent)[],
  options: DebounceByPathOptions = {},
  joined = false,
): string[] {
  const lines: string[] = []
  const scheduler = new VirtualTimeScheduler()
  const input = new Subject<FileEvent>()
  const source = joined ? input.pipe(joinRenames({ scheduler })) : input
  source.pipe(debounceByPath(50, { ...options, scheduler })).subscribe((event) => lines.push(line(event)))
  events.forEach((event, index) => {
    scheduler.schedule(() => {
      input.next(typeof event === 'string' ? fileEvent(event, { seq: index + 1 }) : event)
    }, index)
  })
  scheduler.flush()
  return lines
}

function line(event: FileEvent): string {
  const from = event.oldPath === undefined ? '' : `${event.oldPath} -> `
  return `${event.eventType} ${from}${event.filePath} #${event.seq}`
}

type Rule = readonly [meaning: string, events: readonly string[], told: readonly string[]]

const onePath: readonly Rule[] = [
  ['one event is itself', ['MODIFY /a'], ['MODIFY /a #1']],
  ['the last of several', ['MODIFY /a', 'MODIFY /a', 'CLOSE_WRITE /a'], ['CLOSE_WRITE /a #3']],
  ['a create followed by writes is a create', ['CREATE /a', 'MODIFY /a', 'CLOSE_WRITE /a'], ['CREATE /a #3']],
  ['a create followed by reads is a create', ['CREATE /a', 'OPEN /a', 'CLOSE_NOWRITE /a'], ['CREATE /a #3']],
  ['a change is not hidden by reads', ['MODIFY /a', 'OPEN /a', 'ACCESS /a'], ['MODIFY /a #3']],
  ['a change of content is not hidden by ATTRIB', ['CLOSE_WRITE /a', 'ATTRIB /a'], ['CLOSE_WRITE /a #2']],
  ['ATTRIB gives way to a change of content', ['ATTRIB /a', 'MODIFY /a'], ['MODIFY /a #2']],
  ['ATTRIB is not hidden by reads', ['ATTRIB /a', 'OPEN /a'], ['ATTRIB /a #2']],
  ['reads are the last of them', ['OPEN /a', 'ACCESS /a', 'CLOSE_NOWRITE /a'], ['CLOSE_NOWRITE /a #3']],
  ['a create followed by a delete is nothing', ['CREATE /a', 'DELETE /a'], []],
  ['also with events after the delete', ['CREATE /a', 'DELETE /a', 'CLOSE_WRITE /a', 'DELETE /a'], []],
  ['anything before a delete is the delete', ['OPEN /a', 'MODIFY /a', 'DELETE /a'], ['DELETE /a #3']],
  ['also with events after it', ['MODIFY /a', 'DELETE /a', 'MODIFY /a', 'CLOSE_WRITE /a'], ['DELETE /a #2']],
  ['a file deleted and made anew is a create', ['DELETE /a', 'CREATE /a', 'MODIFY /a'], ['CREATE /a #3']],
  ['and the delete when it goes again', ['DELETE /a', 'CREATE /a', 'DELETE /a'], ['DELETE /a #3']],
  ['nothing, then a create', ['CREATE /a', 'DELETE /a', 'CREATE /a'], ['CREATE /a #3']],
  ['a create that a scan repeats is one', ['CREATE /a', 'CREATE /a'], ['CREATE /a #2']],
  [
    'other paths have their own burst',
    ['CREATE /a', 'CREATE /b', 'MODIFY /a'],
    ['CREATE /b #2', 'CREATE /a #3'],
  ],
  ['a directory made anew is told as both', ['DELETE /d/', 'CREATE /d/'], ['DELETE /d #1', 'CREATE /d #2']],
  ['a file that becomes a directory too', ['DELETE /a', 'CREATE /a/'], ['DELETE /a #1', 'CREATE /a #2']],
  ['and a directory that becomes a file', ['DELETE /a/', 'CREATE /a'], ['DELETE /a #1', 'CREATE /a #2']],
  ['the root that goes', ['MODIFY /r', 'DELETE_SELF /r'], ['DELETE_SELF /r #2']],
  ['a move of an inner directory does not hide its birth', ['CREATE /d/', 'MOVE_SELF /d/'], ['CREATE /d #2']],
]

const halves: readonly Rule[] = [
  [
    'halves alone keep their types',
    ['MOVED_FROM /a #1', 'MOVED_TO /b #1'],
    ['MOVED_FROM /a #1', 'MOVED_TO /b #2'],
  ],
  ['writes before a half', ['MODIFY /a', 'MOVED_FROM /a #1'], ['MOVED_FROM /a #2']],
  ['writes after a half', ['MOVED_TO /b #1', 'MODIFY /b'], ['MOVED_TO /b #2']],
  ['made and moved away', ['CREATE /a', 'MOVED_FROM /a #1', 'MOVED_TO /b #1'], ['MOVED_TO /b #3']],
  ['moved in, perhaps over a file, and deleted', ['MOVED_TO /a #1', 'DELETE /a'], ['DELETE /a #2']],
  [
    'a directory that moves takes along what was pending for it',
    ['MODIFY /d/f', 'CREATE /d/g', 'MOVED_FROM /d/ #1', 'MOVED_TO /e/ #1'],
    ['MODIFY /d/f #1', 'CREATE /d/g #2', 'MOVED_FROM /d #3', 'MOVED_TO /e #4'],
  ],
]

const renames: readonly Rule[] = [
  ['a rename is itself', ['RENAME /a -> /b'], ['RENAME /a -> /b #1']],
  ['made and renamed is made under the new name', ['CREATE /a', 'RENAME /a -> /b'], ['CREATE /b #2']],
  ['with the writes after it', ['CREATE /a', 'RENAME /a -> /b', 'MODIFY /b'], ['CREATE /b #3']],
  ['written and renamed is renamed', ['MODIFY /a', 'RENAME /a -> /b'], ['RENAME /a -> /b #2']],
  ['renamed and written is renamed', ['RENAME /a -> /b', 'CLOSE_WRITE /b'], ['RENAME /a -> /b #2']],
  [
    'a chain is one rename; the name between may have been taken before',
    ['RENAME /a -> /b', 'RENAME /b -> /c'],
    ['DELETE /b #1', 'RENAME /a -> /c #2'],
  ],
  [
    'renamed and deleted: both names are free',
    ['RENAME /a -> /b', 'DELETE /b'],
    ['DELETE /a #1', 'DELETE /b #2'],
  ],
  [
    'made, renamed and deleted: the new name may have been taken before',
    ['CREATE /a', 'RENAME /a -> /b', 'DELETE /b'],
    ['DELETE /b #3'],
  ],
  ['a name that was free is not told again', ['CREATE /b', 'RENAME /a -> /b', 'DELETE /b'], ['DELETE /a #2']],
  [
    'a chain over a name that was free',
    ['CREATE /b', 'RENAME /a -> /b', 'RENAME /b -> /c'],
    ['RENAME /a -> /c #3'],
  ],
  ['onto a pending path: that is replaced', ['MODIFY /b', 'RENAME /a -> /b'], ['RENAME /a -> /b #2']],
  ['onto a path deleted just before', ['DELETE /b', 'RENAME /a -> /b'], ['RENAME /a -> /b #2']],
  ['there and back', ['RENAME /a -> /b', 'RENAME /b -> /a'], ['RENAME /a -> /b #1', 'RENAME /b -> /a #2']],
  [
    'the old name taken again: an editor that keeps a backup',
    ['RENAME /f -> /f~', 'CREATE /f', 'CLOSE_WRITE /f'],
    ['RENAME /f -> /f~ #1', 'CREATE /f #3'],
  ],
  [
    'saved through a temporary file',
    ['CREATE /t', 'MODIFY /t', 'CLOSE_WRITE /t', 'RENAME /t -> /f'],
    ['CREATE /f #4'],
  ],
  [
    'a swap through a third name',
    ['RENAME /a -> /t', 'RENAME /b -> /a', 'RENAME /t -> /b'],
    ['RENAME /a -> /t #1', 'RENAME /b -> /a #2', 'RENAME /t -> /b #3'],
  ],
  [
    'deleted, made anew and renamed: the old name is free',
    ['DELETE /a', 'CREATE /a', 'RENAME /a -> /b'],
    ['DELETE /a #2', 'CREATE /b #3'],
  ],
  [
    'two renames of one path, as when its return was not told',
    ['RENAME /a -> /b', 'RENAME /a -> /c', 'MODIFY /b'],
    ['RENAME /a -> /b #1', 'RENAME /a -> /c #2', 'MODIFY /b #3'],
  ],
  [
    'a rename from a path that is gone tells both',
    ['DELETE /a', 'RENAME /a -> /b'],
    ['DELETE /a #1', 'RENAME /a -> /b #2'],
  ],
  ['a file moved in over a renamed one', ['RENAME /a -> /b', 'CREATE /b'], ['DELETE /a #1', 'CREATE /b #2']],
]

const trees: readonly Rule[] = [
  [
    'a directory and what is made in it',
    ['CREATE /d/', 'CREATE /d/f', 'CLOSE_WRITE /d/f', 'ATTRIB /d/'],
    ['CREATE /d #4', 'CREATE /d/f #3'],
  ],
  [
    'a renamed directory carries all that is pending below it',
    ['MODIFY /d/e/f', 'CREATE /d/g', 'RENAME /d/ -> /x/'],
    ['RENAME /d -> /x #3', 'MODIFY /x/e/f #1', 'CREATE /x/g #2'],
  ],
  [
    'also one that was made in the burst',
    ['CREATE /d/', 'CREATE /d/f', 'RENAME /d/ -> /x/', 'MODIFY /x/f'],
    ['CREATE /x #3', 'CREATE /x/f #4'],
  ],
  [
    'but not a neighbour with a longer name',
    ['MODIFY /dd', 'RENAME /d/ -> /x/'],
    ['MODIFY /dd #1', 'RENAME /d -> /x #2'],
  ],
  [
    'a rename within it comes after it, under the new path',
    ['RENAME /y -> /d/y', 'RENAME /d/ -> /x/'],
    ['RENAME /d -> /x #2', 'RENAME /y -> /x/y #1'],
  ],
  [
    'a rename out of it comes before it',
    ['RENAME /d/f -> /y', 'RENAME /d/ -> /x/', 'MODIFY /y'],
    ['RENAME /d/f -> /y #1', 'RENAME /d -> /x #2', 'MODIFY /y #3'],
  ],
  [
    'a rename out of a renamed directory comes after that',
    ['RENAME /a/ -> /d/', 'RENAME /d/f -> /y', 'ATTRIB /d/'],
    ['RENAME /a -> /d #3', 'RENAME /d/f -> /y #2'],
  ],
  [
    'a rename out of what is then replaced comes before that',
    ['RENAME /d/f -> /y', 'RENAME /x/ -> /d/', 'MODIFY /y'],
    ['RENAME /d/f -> /y #1', 'RENAME /x -> /d #2', 'MODIFY /y #3'],
  ],
  [
    'what is deleted comes entry by entry, children first',
    ['DELETE /d/e/f', 'DELETE /d/e/', 'DELETE /d/g', 'DELETE /d/'],
    ['DELETE /d/e/f #1', 'DELETE /d/e #2', 'DELETE /d/g #3', 'DELETE /d #4'],
  ],
  [
    'what is made and deleted as a tree is nothing',
    ['CREATE /d/', 'CREATE /d/f', 'DELETE /d/f', 'DELETE /d/'],
    [],
  ],
  [
    'what goes with its directory is not told',
    ['MODIFY /d/f', 'CREATE /d/g', 'DELETE /d/'],
    ['DELETE /d #3'],
  ],
  ['and nothing is left of what was made in it', ['CREATE /d/', 'CREATE /d/g', 'DELETE /d/'], []],
  [
    'a file renamed into a directory that goes is gone from where it was',
    ['RENAME /f -> /d/f', 'DELETE /d/'],
    ['DELETE /f #1', 'DELETE /d #2'],
  ],
  [
    'a directory made anew with less in it',
    ['DELETE /d/', 'CREATE /d/', 'CREATE /d/f', 'ATTRIB /d/'],
    ['DELETE /d #1', 'CREATE /d #4', 'CREATE /d/f #3'],
  ],
  [
    'a directory moved in over an emptied one',
    ['DELETE /d/f', 'RENAME /x/ -> /d/', 'MODIFY /d/f'],
    ['DELETE /d/f #1', 'RENAME /x -> /d #2', 'MODIFY /d/f #3'],
  ],
]

describe('debounceByPath folds', () => {
  describe.each([
    ['one path', onePath],
    ['halves of renames that were not joined', halves],
    ['renames', renames],
    ['trees', trees],
  ])('%s', (_, rules) => {
    it.each([...rules])('%s', (__, events, expected) => {
      expect(told(events)).toEqual(expected)
    })
  })

  it('a CREATE made of half a rename and a DELETE to the DELETE: the file may have replaced one', () => {
    expect(told(['MOVED_TO /a #1', 'DELETE /a'], {}, true)).toEqual(['DELETE /a #2'])
    expect(told(['CREATE /a', 'DELETE /a'], {}, true)).toEqual([])
  })

  it('a root that moves away as one that is deleted', () => {
    const away = fileEvent('MOVE_SELF /r/', { root: '/r', seq: 2 })
    expect(told(['ATTRIB /r/', away])).toEqual(['MOVE_SELF /r #2'])
    expect(told(['CREATE /r/', away])).toEqual([])
  })

  it('to the fields of the last event, with the doer of the one that names the burst', () => {
    const out: FileEvent[] = []
    const input = new Subject<FileEvent>()
    input.pipe(debounceByPath(5)).subscribe((event) => out.push(event))
    input.next(fileEvent('CREATE /a', { seq: 1, timestampMicros: 100, pid: 7, processUnknown: 'exited' }))
    input.next(fileEvent('MODIFY /a', { seq: 2, timestampMicros: 200, pid: 8, merged: true }))
    input.next(fileEvent('OPEN /a', { seq: 3, timestampMicros: 300, pid: 9, source: 'poll' }))
    input.complete()
    expect(out).toEqual([
      fileEvent('CREATE /a', {
        seq: 3,
        timestampMicros: 300,
        pid: 7,
        processUnknown: 'exited',
        source: 'poll',
      }),
    ])
  })

  it('keeps the cookie of a half, and the origin of a directory that appeared', () => {
    const origin = { resolve: (event: FileEvent) => event, follow: () => undefined }
    const out: FileEvent[] = []
    const input = new Subject<FileEvent>()
    input.pipe(debounceByPath(5)).subscribe((event) => out.push(event))
    input.next(fileEvent('MOVED_TO /d/ #4', { origin }))
    input.next(fileEvent('ATTRIB /d/', { seq: 2 }))
    input.complete()
    expect(out).toEqual([fileEvent('MOVED_TO /d/ #4', { seq: 2 })])
    expect(out[0]!.origin).toBe(origin)
  })

  it('with the file and the content of the last event, also where an earlier one names the burst', () => {
    const save = (event: string, number: number): FileEvent => {
      const text = String(number)
      return fileEvent(event, {
        origin: { resolve: (same) => same, follow: () => undefined, openFile: () => number },
        content: { sha256: text, size: 1, mode: 0o644, store: undefined, bytes: () => undefined },
        contentPreview: { before: null, after: text, diffSummary: null, truncated: false, binary: false },
      })
    }
    const out: FileEvent[] = []
    const input = new Subject<FileEvent>()
    input.pipe(debounceByPath(5)).subscribe((event) => out.push(event))
    input.next(save('CREATE /a', 1))
    input.next(save('CLOSE_WRITE /a', 2))
    input.next(save('CLOSE_WRITE /b', 3))
    input.next(save('ATTRIB /b', 4))
    input.next(save('CREATE /c.tmp', 5))
    input.next(save('RENAME /c.tmp -> /c', 6))
    input.complete()
    const told = out.map((event) => [
      `${event.eventType} ${event.filePath}`,
      event.origin!.openFile!(0),
      event.content!.sha256,
      event.contentPreview!.after,
    ])
    expect(told).toEqual([
      ['CREATE /a', 2, '2', '2'],
      ['CLOSE_WRITE /b', 4, '4', '4'],
      ['CREATE /c', 6, '6', '6'],
    ])
  })

  it('names that only their bytes tell apart as two paths, also below a renamed directory', () => {
    const bytes = (...last: number[]) => new Uint8Array([0x2f, ...last])
    const first = fileEvent('CREATE /d/\ufffd', { filePathBytes: bytes(0x64, 0x2f, 0xff), seq: 1 })
    const second = fileEvent('CREATE /d/\ufffd', { filePathBytes: bytes(0x64, 0x2f, 0xfe), seq: 2 })
    const out: FileEvent[] = []
    const input = new Subject<FileEvent>()
    input.pipe(debounceByPath(5)).subscribe((event) => out.push(event))
    input.next(first)
    input.next(second)
    input.next(fileEvent('RENAME /d/ -> /\u00e9/', { seq: 3 }))
    input.complete()
    expect(out).toEqual([
      fileEvent('RENAME /d/ -> /\u00e9/', { seq: 3 }),
      fileEvent('CREATE /\u00e9/\ufffd', { filePathBytes: bytes(0xc3, 0xa9, 0x2f, 0xff), seq: 1 }),
      fileEvent('CREATE /\u00e9/\ufffd', { filePathBytes: bytes(0xc3, 0xa9, 0x2f, 0xfe), seq: 2 }),
    ])
  })

  it('paths below a directory whose name becomes valid UTF-8 to exact ones', () => {
    const bytes = new Uint8Array([0x2f, 0xff])
    const out: FileEvent[] = []
    const input = new Subject<FileEvent>()
    input.pipe(debounceByPath(5)).subscribe((event) => out.push(event))
    input.next(
      fileEvent('CREATE /\ufffd/f', { filePathBytes: new Uint8Array([...bytes, 0x2f, 0x66]), seq: 1 }),
    )
    input.next(fileEvent('RENAME /\ufffd/ -> /d/', { oldPathBytes: bytes, seq: 2 }))
    input.complete()
    expect(out).toEqual([
      fileEvent('RENAME /\ufffd/ -> /d/', { oldPathBytes: bytes, seq: 2 }),
      fileEvent('CREATE /d/f', { seq: 1 }),
    ])
  })

  it('tells children before parents also when maxWait ends the burst of the parent first', () => {
    const events = [
      'ATTRIB /d/',
      ...Array.from({ length: 45 }, () => 'ATTRIB /d/'),
      'DELETE /d/f',
      'DELETE /d/',
    ]
    expect(told(events, { maxWait: 50 })).toEqual(['DELETE /d/f #47', 'DELETE /d #48'])
  })
})
