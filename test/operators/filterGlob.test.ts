import { describe, expect, it } from '@jest/globals'
import { from, toArray } from 'rxjs'
import { operatorInfo } from '../../src/contracts/index.js'
import { FsflowError } from '../../src/errors/index.js'
import type { FileEvent } from '../../src/events/index.js'
import { filterGlob, type FilterGlobOptions } from '../../src/operators/index.js'
import { fileEvent, marbles, operatorLaws } from '../../src/testing/index.js'

function filtered(options: FilterGlobOptions, events: readonly FileEvent[]): FileEvent[] {
  let result: FileEvent[] = []
  from(events)
    .pipe(filterGlob(options), toArray())
    .subscribe((all) => (result = all))
  return result
}

/** Which of the paths below /r pass; a path that ends in a slash is a directory. */
function passing(options: FilterGlobOptions, paths: readonly string[]): string[] {
  const events = paths.map((path) => fileEvent(`CREATE /r/${path}`, { root: '/r' }))
  return filtered(options, events).map((event) => event.filePath.slice(3) + (event.isDirectory ? '/' : ''))
}

function text(event: FileEvent): string {
  const old = event.oldPath === undefined ? '' : `${event.oldPath} -> `
  return `${event.eventType} ${old}${event.filePath}`
}

describe('filterGlob', () => {
  it('lets the events pass whose paths match', () => {
    const values = {
      a: fileEvent('MODIFY /r/x.ts', { root: '/r' }),
      b: fileEvent('MODIFY /r/x.js', { root: '/r' }),
      c: fileEvent('MODIFY /r/lib/y.ts', { root: '/r' }),
      d: fileEvent('MODIFY /r/node_modules/z.ts', { root: '/r' }),
    }
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b--c--d--|', values)
      const subscription = '^-------------!'
      const expected = '    --a-----c-----|'
      const operator = filterGlob({ include: '*.ts', exclude: 'node_modules' })
      expectObservable(source.pipe(operator)).toBe(expected, values)
      expectSubscriptions(source.subscriptions).toBe(subscription)
    })
  })

  // The glob, paths that an include of it lets pass, paths that it does not.
  const includes: [string | string[], string[], string[]][] = [
    ['*.ts', ['a.ts', 'x/y/a.ts', '.ts', '.a.ts', 'd.ts/'], ['a.js', 'a.ts/b', 'a.tsx']],
    ['*', ['a', '.hidden', 'x/y/', 'new\nline', 'back\\slash'], []],
    ['**', ['a', 'x/y/z', '.x/.y'], []],
    ['**/*.ts', ['a.ts', 'x/y/a.ts', '.x/a.ts'], ['a.js']],
    ['src/*.ts', ['src/a.ts'], ['a.ts', 'x/src/a.ts', 'src/x/a.ts']],
    ['src/**/*.ts', ['src/a.ts', 'src/x/y/a.ts'], ['lib/src/a.ts']],
    ['src/**', ['src/a', 'src/x/y', 'src/x/'], ['src/', 'src', 'lib/src/a']],
    ['**/src/**', ['src/a', 'x/src/y/a'], ['src/', 'x/src/']],
    ['/*.ts', ['a.ts'], ['x/a.ts']],
    ['./src/*', ['src/a'], ['x/src/a', 'src/x/a']],
    ['src/', ['src/', 'x/src/'], ['src', 'src/a']],
    ['/src/', ['src/'], ['x/src/', 'src']],
    ['**/src/', ['src/', 'x/src/'], ['src']],
    ['src/*/', ['src/x/'], ['src/x', 'src/x/y/']],
    ['*.{ts,js}', ['a.ts', 'x/a.js'], ['a.css']],
    ['{src,test}/**', ['src/a', 'test/x/b'], ['lib/a']],
    ['{*.ts,src/*.js}', ['x/a.ts', 'src/a.js'], ['a.js', 'x/src/a.js']],
    ['[ab]?', ['ax', 'x/b1'], ['cx', 'a', 'a/x']],
    ['!(a|b)', ['c'], ['a', 'b']],
    ['#*#', ['#a#', 'x/#b#'], ['a']],
    ['\\!a', ['!a'], ['a']],
    [
      ['*.ts', '/docs/**'],
      ['a.ts', 'docs/x/y'],
      ['x/docs/y', 'a.md'],
    ],
    [[], ['a', 'x/y'], []],
  ]
  it.each(includes)('includes by %j', (include, pass, fail) => {
    expect(passing({ include }, [...pass, ...fail])).toEqual(pass)
  })

  const excludes: [string | string[], string[], string[]][] = [
    ['node_modules', ['node_modules_2', 'a'], ['node_modules/', 'node_modules/a/b', 'x/node_modules/y']],
    ['*.log', ['a', 'log'], ['a.log', 'x/a.log', 'x.log/', 'x.log/a']],
    ['/build', ['x/build', 'builds'], ['build', 'build/', 'build/a/b']],
    ['build/', ['build', 'x/build'], ['build/', 'build/a', 'x/build/a']],
    ['build/**', ['build/', 'build', 'x/build/a'], ['build/a', 'build/x/y']],
    ['**/build/**', ['build/', 'x/build/'], ['build/a', 'x/build/y/z']],
    ['**/.git', ['.gitignore'], ['.git/', '.git/config', 'x/.git/HEAD']],
    ['a/b', ['a/', 'b', 'a/c', 'x/a/b'], ['a/b', 'a/b/c/d']],
    ['a/*/c', ['a/c', 'a/x/d', 'a/x/y/c'], ['a/x/c', 'a/x/c/d']],
    ['a/**/c', ['a/x'], ['a/c', 'a/x/y/c', 'a/x/c/d']],
    ['/**', [], ['a', 'x/y']],
    ['**', [], ['a', 'x/y/']],
    ['a/**/', ['a/', 'a/f'], ['a/x/', 'a/x/y']],
    [
      ['*.log', 'tmp/'],
      ['a', 'tmp'],
      ['a.log', 'tmp/a', 'x/tmp/a'],
    ],
  ]
  it.each(excludes)('excludes by %j', (exclude, pass, fail) => {
    expect(passing({ exclude }, [...fail, ...pass])).toEqual(pass)
  })

  it('lets exclude win over include', () => {
    const options = { include: ['*.ts', 'gen/**'], exclude: ['*.d.ts', 'gen/old'] }
    expect(passing(options, ['a.ts', 'a.d.ts', 'gen/x', 'gen/old/x', 'gen/a.d.ts'])).toEqual([
      'a.ts',
      'gen/x',
    ])
  })

  it('matches against the path relative to the root of each event', () => {
    const events = [
      fileEvent('CREATE /r/src/a', { root: '/r' }),
      fileEvent('CREATE /r/s/src/a', { root: '/r/s' }),
      fileEvent('CREATE /r/x/src/a', { root: '/r' }),
      fileEvent('CREATE /src/a', { root: '/' }),
      fileEvent('CREATE /rest/src/a', { root: '/r' }),
    ]
    expect(filtered({ include: '/src/*' }, events).map(text)).toEqual([
      'CREATE /r/src/a',
      'CREATE /r/s/src/a',
      'CREATE /src/a',
    ])
  })

  it('takes the path without its leading slash where an event has no root', () => {
    const events = [fileEvent('CREATE /src/a'), fileEvent('CREATE /r/src/a')]
    expect(filtered({ include: 'src/*' }, events).map(text)).toEqual(['CREATE /src/a'])
  })

  it('takes the root that it is given', () => {
    const events = [
      fileEvent('CREATE /r/s/src/a', { root: '/r' }),
      fileEvent('CREATE /r/src/a', { root: '/r' }),
      fileEvent('CREATE /r/s/src/b'),
    ]
    for (const root of ['/r/s', '/r/s/']) {
      const out = filtered({ include: 'src/*', root }, events).map(text)
      expect(out).toEqual(['CREATE /r/s/src/a', 'CREATE /r/s/src/b'])
    }
  })

  it('lets the root itself pass when it is a directory, and matches a root that is a file by its name', () => {
    const events = [
      fileEvent('DELETE_SELF /r', { root: '/r' }),
      fileEvent('ATTRIB /r/', { root: '/r' }),
      fileEvent('MODIFY /x/a.ts', { root: '/x/a.ts' }),
      fileEvent('MODIFY /x/a.js', { root: '/x/a.js' }),
    ]
    expect(filtered({ include: '*.ts', exclude: 'r' }, events).map(text)).toEqual([
      'DELETE_SELF /r',
      'ATTRIB /r',
      'MODIFY /x/a.ts',
    ])
  })

  it('tells a rename with one side left out as what it is for the rest', () => {
    const fields = { root: '/r', seq: 7, isDirectory: true }
    const options = { include: ['*.ts', '*.tsx'] }
    expect(
      filtered(options, [
        fileEvent('RENAME /r/a.ts -> /r/b.tsx', fields),
        fileEvent('RENAME /r/a.tmp -> /r/a.ts', fields),
        fileEvent('RENAME /r/a.ts -> /r/a.bak', fields),
        fileEvent('RENAME /r/a.js -> /r/b.js', fields),
      ]),
    ).toEqual([
      fileEvent('RENAME /r/a.ts -> /r/b.tsx', fields),
      fileEvent('CREATE /r/a.ts', fields),
      fileEvent('DELETE /r/a.ts', fields),
    ])
  })

  it('keeps the raw bytes and the origin of the side that is left', () => {
    const origin = { resolve: (event: FileEvent) => event, follow: () => undefined }
    const oldPathBytes = new Uint8Array([0x2f, 0xff])
    const rename = fileEvent('RENAME /\ufffd -> /x/a', { oldPathBytes, origin })
    expect(filtered({ exclude: 'x' }, [rename])).toEqual([
      fileEvent('DELETE /\ufffd', { filePathBytes: oldPathBytes }),
    ])
    expect(filtered({ include: 'a' }, [rename])[0]?.origin).toBe(origin)
  })

  it('stays right when there are more directories than it remembers', () => {
    const events = Array.from({ length: 50_000 }, (_, index) =>
      fileEvent(`CREATE /r/${index % 7 === 0 ? 'out' : 'in'}/${index}/f`, { root: '/r' }),
    )
    const out = filtered({ exclude: 'out' }, events)
    expect(out).toEqual(events.filter((event) => event.filePath.startsWith('/r/in/')))
  })

  describe('prune', () => {
    const prune = (exclude: string | string[], path: string): boolean => {
      const info = operatorInfo(filterGlob({ include: '*.ts', exclude }))
      return info.prune?.(path, path.slice(path.lastIndexOf('/') + 1)) ?? false
    }

    it.each([
      ['node_modules', 'node_modules', true],
      ['node_modules', 'x/node_modules', true],
      ['node_modules', 'node_modules/x/y', true],
      ['node_modules', 'src', false],
      ['node_modules/**', 'node_modules', true],
      ['**/node_modules/**', 'x/node_modules', true],
      ['/build', 'x/build', false],
      ['/build', 'build', true],
      ['*.log', 'logs', false],
      ['a/*/c', 'a/b', false],
      ['a/*/c', 'a/b/c', true],
      ['a/**/', 'a', false],
      ['a/**/', 'a/b', true],
      ['**', 'x', true],
    ])('exclude %j makes watching %j pointless: %j', (exclude, path, pointless) => {
      expect(prune(exclude, path)).toBe(pointless)
    })

    it('follows from exclude alone, and only for the roots of the source', () => {
      expect(operatorInfo(filterGlob({ include: '*.ts' })).prune).toBeUndefined()
      expect(operatorInfo(filterGlob({ exclude: 'x', root: '/r' })).prune).toBeUndefined()
    })
  })

  it('shows itself to the plan', () => {
    const info = operatorInfo(filterGlob({ include: '*.ts', exclude: ['x'] }))
    expect(info).toMatchObject({
      name: 'filterGlob',
      options: { include: '*.ts', exclude: ['x'] },
      needsPath: true,
      transparent: true,
    })
    expect(info.needsTypes?.(new Set(['MODIFY']))).toEqual(new Set(['MODIFY']))
    expect(info.needsTypes?.(new Set(['CREATE']))).toEqual(new Set(['CREATE', 'RENAME']))
  })

  it.each([
    [{ include: '' }, 'include'],
    [{ include: ['*.ts', ''] }, 'include[1]'],
    [{ exclude: 7 }, 'exclude'],
    [{ exclude: [null] }, 'exclude[0]'],
    [{ exclude: ['a\0b'] }, 'exclude[0]'],
    [{ exclude: 'a'.repeat(70_000) }, 'exclude'],
    [{ exclude: '!keep' }, 'exclude'],
    [{ exclude: '/' }, 'exclude'],
    [{ include: ['./'] }, 'include[0]'],
    [{ include: '{1..100000}/{a/b,c}' }, 'include'],
    [{ root: 'relative' }, 'root'],
    [{ root: 7 }, 'root'],
    [{ includes: '*.ts' }, 'includes'],
    ['*.ts', 'options'],
    [undefined, 'options'],
    [null, 'options'],
  ])('refuses %.60j', (options, path) => {
    let error: unknown
    try {
      filterGlob(options as FilterGlobOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(FsflowError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'FSFLOW_INVALID_OPTION', path })
  })

  describe('laws', () => {
    const create = () => filterGlob({ include: ['*', 'a/**'], exclude: 'e' })
    for (const { name, run } of operatorLaws(create)) it(name, run)
  })
})
