import fc from 'fast-check'
import { INOTIFY } from '../../src/testing/simulatedNotify.js'
import type { Action, Calls } from './World.js'

/** Prefixes of a path that depends on what is there when the action is performed. */
const EXISTING = 'existing:'
const DIRECTORY = 'directory:'

/** The action with its paths filled in, given everything below the top and the directories among it. */
export function resolveAction(
  action: Action,
  paths: readonly string[],
  directories: readonly string[],
): Action {
  const args = action.args.map((arg) => {
    if (typeof arg !== 'string') return arg
    if (arg.startsWith(EXISTING))
      return chosen(paths.length === 0 ? ['/a'] : paths, arg.slice(EXISTING.length))
    return arg.startsWith(DIRECTORY) ? chosen(['', ...directories], arg.slice(DIRECTORY.length)) : arg
  })
  return { call: action.call, args }
}

function chosen(paths: readonly string[], reference: string): string {
  const digits = /^\d+/.exec(reference)![0]
  return paths[Number(digits) % paths.length]! + reference.slice(digits.length)
}

const NAMES = ['a', 'b', 'c']
const ODD_NAMES = ['.', '..', '\xff\xfe', ' \n', 'n'.repeat(255), 'n'.repeat(256)]

const name = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES) },
)
const end = fc.oneof({ weight: 25, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant('/') })
const index = fc.nat({ max: 9 })
const path = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...NAMES), fc.array(name, { maxLength: 2 }), end)
      .map(([first, rest, slash]) => `/${[first, ...rest].join('/')}${slash}`),
  },
  { weight: 5, arbitrary: fc.tuple(index, end).map(([n, slash]) => `${EXISTING}${n}${slash}`) },
  { weight: 4, arbitrary: fc.tuple(index, name).map(([n, below]) => `${DIRECTORY}${n}/${below}`) },
)
// Nothing here leads above the top: a symlink to `..` would.
const target = fc.constantFrom('a', 'b', 'a/b', 'b/', '.', '../a', 'missing/x', 'n'.repeat(300))
const flags = fc.constantFrom('r', 'r+', 'w', 'w+', 'wx', 'a', 'a+', 'ax')
const handle = fc.nat({ max: 3 })
const mode = fc.constantFrom(0o700, 0o755, 0o777)
const length = fc.nat({ max: 4 })
const text = fc.constantFrom('', 'x', 'yz')

const { ALL_EVENTS, ONLYDIR, DONT_FOLLOW, EXCL_UNLINK, MASK_ADD, MASK_CREATE, ONESHOT } = INOTIFY
const TREE = 0xfc6
const mask = fc.oneof(
  { weight: 6, arbitrary: fc.constant(ALL_EVENTS) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(ALL_EVENTS, TREE, INOTIFY.MOVED_FROM, INOTIFY.MODIFY, INOTIFY.DELETE_SELF, 0),
        fc.subarray([ONLYDIR, DONT_FOLLOW, EXCL_UNLINK, MASK_ADD, MASK_CREATE, ONESHOT, 0x1000]),
      )
      .map(([events, bits]) => bits.reduce((all, bit) => (all | bit) >>> 0, events)),
  },
)

function action(call: keyof Calls, ...args: fc.Arbitrary<string | number>[]): fc.Arbitrary<Action> {
  return fc.tuple(...args).map((values) => ({ call, args: values }))
}

/** A sequence of calls on a handful of names, so that they meet often. */
export const arbitraryActions = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: action('mkdir', path) },
    { weight: 1, arbitrary: action('mknod', path) },
    { weight: 2, arbitrary: action('symlink', path, target) },
    { weight: 3, arbitrary: action('link', path, path) },
    { weight: 8, arbitrary: action('rename', path, path) },
    { weight: 3, arbitrary: action('exchange', path, path) },
    { weight: 4, arbitrary: action('unlink', path) },
    { weight: 4, arbitrary: action('rmdir', path) },
    { weight: 2, arbitrary: action('chmod', path, mode) },
    { weight: 1, arbitrary: action('utimes', path) },
    { weight: 1, arbitrary: action('truncate', path, length) },
    { weight: 1, arbitrary: action('list', path) },
    { weight: 10, arbitrary: action('open', path, flags, handle) },
    { weight: 1, arbitrary: action('read', handle) },
    { weight: 4, arbitrary: action('write', handle, text) },
    { weight: 1, arbitrary: action('cut', handle) },
    { weight: 1, arbitrary: action('fchmod', handle) },
    { weight: 4, arbitrary: action('close', handle) },
    { weight: 6, arbitrary: action('watch', path, mask) },
    { weight: 1, arbitrary: action('unwatch', fc.integer({ min: 1, max: 8 })) },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
)
