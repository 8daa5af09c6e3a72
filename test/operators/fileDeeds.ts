import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'

/** What the sizes are around a deed, as stat(2) tells them; `null`: no regular file is there. */
export interface Truth {
  readonly before: number | null
  readonly after: number | null
  /** The name that the file had before, whole. */
  readonly from: string
  /** What a symbolic link and a FIFO are called. */
  readonly typed: (type: string) => string
}

/** One thing that is done, with one system call, and what is to be told of it. */
export interface Deed {
  readonly does: (at: (name: string) => string) => void
  readonly to: string
  readonly from?: string
  readonly tells: readonly (readonly [type: string, sentence: (truth: Truth) => string])[]
  /** True when nobody can say by how much it grew: it was not seen before, or it is no regular file. */
  readonly isUnknown?: boolean
}

const open: number[] = []
const opened = (path: string, flags: string): void => void open.push(fs.openSync(path, flags))
const fd = (): number => open.at(-1)!
const close = (): void => fs.closeSync(open.pop()!)
const uid = process.geteuid!()
const gid = process.getegid!()
// Only root can give a file away; of others the same owner once more is a change to the kernel too.
const other = uid === 0 ? 12_345 : uid

const more = ({ before, after }: Truth): string => `${after} bytes, ${after! - before!} more than before`
const fewer = ({ before, after }: Truth): string => `${after} bytes, ${before! - after!} fewer than before`
const attributes = () => 'permissions, owner, times or links of the file changed'

/** Deeds on one tree, in this order, with the files `old` and `unseen` in it from before. */
export const fileDeeds: readonly (readonly [what: string, deed: Deed])[] = [
  [
    'a file from before grows',
    {
      does: (at) => fs.writeSync((opened(at('old'), 'a'), fd()), 'unseen'),
      to: 'old',
      tells: [
        ['OPEN', () => 'file opened'],
        ['MODIFY', ({ after }) => `content of the file changed: ${after} bytes`],
      ],
      isUnknown: true,
    },
  ],
  [
    'it grows again',
    {
      does: () => fs.writeSync(fd(), 'seen'),
      to: 'old',
      tells: [['MODIFY', (truth) => `content of the file changed: ${more(truth)}`]],
    },
  ],
  [
    'it is closed',
    {
      does: close,
      to: 'old',
      tells: [['CLOSE_WRITE', ({ after }) => `file closed after writing: ${after} bytes as before`]],
    },
  ],
  [
    'create',
    {
      does: (at) => opened(at('a'), 'wx'),
      to: 'a',
      tells: [
        ['CREATE', () => 'file created, empty'],
        ['OPEN', () => 'file opened'],
      ],
    },
  ],
  [
    'write',
    {
      does: () => fs.writeSync(fd(), 'x'.repeat(10)),
      to: 'a',
      tells: [['MODIFY', (truth) => `content of the file changed: ${more(truth)}`]],
    },
  ],
  [
    'a write that grows by a hole',
    {
      does: () => fs.writeSync(fd(), 'x', 70_000),
      to: 'a',
      tells: [['MODIFY', (truth) => `content of the file changed: ${more(truth)}`]],
    },
  ],
  [
    'a write that does not grow',
    {
      does: () => fs.writeSync(fd(), 'y', 3),
      to: 'a',
      tells: [['MODIFY', ({ after }) => `content of the file changed: ${after} bytes as before`]],
    },
  ],
  [
    'truncate',
    {
      does: () => fs.ftruncateSync(fd(), 7),
      to: 'a',
      tells: [['MODIFY', (truth) => `content of the file changed: ${fewer(truth)}`]],
    },
  ],
  [
    'close',
    {
      does: close,
      to: 'a',
      tells: [['CLOSE_WRITE', ({ after }) => `file closed after writing: ${after} bytes as before`]],
    },
  ],
  ['chmod', { does: (at) => fs.chmodSync(at('a'), 0o4711), to: 'a', tells: [['ATTRIB', attributes]] }],
  ['chown', { does: (at) => fs.chownSync(at('a'), other, gid), to: 'a', tells: [['ATTRIB', attributes]] }],
  ['times', { does: (at) => fs.utimesSync(at('a'), 1, 1), to: 'a', tells: [['ATTRIB', attributes]] }],
  ['open', { does: (at) => opened(at('a'), 'r'), to: 'a', tells: [['OPEN', () => 'file opened']] }],
  [
    'read',
    {
      does: () => fs.readSync(fd(), Buffer.alloc(3)),
      to: 'a',
      tells: [['ACCESS', () => 'file read']],
    },
  ],
  [
    'close after reading',
    { does: close, to: 'a', tells: [['CLOSE_NOWRITE', () => 'file closed after reading']] },
  ],
  [
    'hard link',
    {
      does: (at) => fs.linkSync(at('a'), at('hard')),
      to: 'hard',
      tells: [['CREATE', ({ after }) => `file created, with ${after} bytes`]],
    },
  ],
  [
    'symbolic link',
    {
      does: (at) => fs.symlinkSync('a', at('soft')),
      to: 'soft',
      tells: [['CREATE', ({ typed }) => `${typed('symlink')} created`]],
      isUnknown: true,
    },
  ],
  [
    'FIFO',
    {
      does: (at) => execFileSync('mkfifo', [at('fifo')]),
      to: 'fifo',
      tells: [['CREATE', ({ typed }) => `${typed('fifo')} created`]],
      isUnknown: true,
    },
  ],
  [
    'mkdir',
    {
      does: (at) => fs.mkdirSync(at('d')),
      to: 'd',
      tells: [['CREATE', () => 'directory created']],
      isUnknown: true,
    },
  ],
  [
    'rename into a directory',
    {
      does: (at) => fs.renameSync(at('a'), at('d/b')),
      from: 'a',
      to: 'd/b',
      tells: [['RENAME', ({ from }) => `file renamed, from ${from}`]],
    },
  ],
  [
    'rename over a file',
    {
      does: (at) => fs.renameSync(at('old'), at('d/b')),
      from: 'old',
      to: 'd/b',
      tells: [['RENAME', (truth) => `file renamed, from ${truth.from}: ${more(truth)}`]],
    },
  ],
  [
    'rename of a directory',
    {
      does: (at) => fs.renameSync(at('d'), at('e')),
      from: 'd',
      to: 'e',
      tells: [['RENAME', ({ from }) => `directory renamed, from ${from}`]],
      isUnknown: true,
    },
  ],
  [
    'delete below it',
    {
      does: (at) => fs.unlinkSync(at('e/b')),
      to: 'e/b',
      tells: [['DELETE', ({ before }) => `file deleted: it had ${before} bytes`]],
    },
  ],
  [
    'delete of a hard link',
    {
      does: (at) => fs.unlinkSync(at('hard')),
      to: 'hard',
      tells: [['DELETE', ({ before }) => `file deleted: it had ${before} bytes`]],
    },
  ],
  [
    'delete of a symbolic link',
    {
      does: (at) => fs.unlinkSync(at('soft')),
      to: 'soft',
      tells: [['DELETE', () => 'file deleted']],
      isUnknown: true,
    },
  ],
  [
    'delete of a file that was not seen',
    {
      does: (at) => fs.unlinkSync(at('unseen')),
      to: 'unseen',
      tells: [['DELETE', () => 'file deleted']],
      isUnknown: true,
    },
  ],
  [
    'rmdir',
    {
      does: (at) => fs.rmdirSync(at('e')),
      to: 'e',
      tells: [['DELETE', () => 'directory deleted']],
      isUnknown: true,
    },
  ],
]

/** Closes what deeds that were not all done have left open. */
export function closeAll(): void {
  for (const each of open.splice(0)) fs.closeSync(each)
}
