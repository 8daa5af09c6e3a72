import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { FsflowError } from '../../src/errors/index.js'
import { resolveRoots } from '../../src/linux/resolveRoots.js'
import { itAsRoot } from '../helpers/requires.js'
import { withDirectory } from '../helpers/withDirectory.js'
import { asUser } from '../simulation/RealKernel.js'

const NOBODY = 65_534

/** A tree with `a/b`, `ab`, the files `a/f`, `a/g`, `a/b/h`, and the link `toA` to `a`. */
function inTree(use: (at: (path: string) => string) => void): Promise<void> {
  return withDirectory((directory) => {
    const at = (path: string) => join(directory, path)
    mkdirSync(at('a/b'), { recursive: true })
    mkdirSync(at('ab'))
    for (const file of ['a/f', 'a/g', 'a/b/h']) writeFileSync(at(file), '')
    symlinkSync('a', at('toA'))
    symlinkSync('f', at('a/toF'))
    use(at)
    return Promise.resolve()
  })
}

function failureOf(action: () => unknown): FsflowError | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (!FsflowError.is(error)) throw error
    return error
  }
}

const whole = (directory: string) => ({ directory, only: undefined })
const files = (directory: string, ...names: string[]) => ({ directory, only: new Set(names) })

describe('resolveRoots', () => {
  it('takes a directory as it was named, made absolute', () =>
    inTree((at) => {
      expect(resolveRoots([at('a')], true)).toEqual([whole(at('a'))])
      expect(resolveRoots([relative(process.cwd(), at('a'))], true)).toEqual([whole(at('a'))])
      expect(resolveRoots([`${at('a')}/../a//./`], true)).toEqual([whole(at('a'))])
      expect(resolveRoots([at('toA')], true)).toEqual([whole(at('toA'))])
      expect(resolveRoots(['.'], true)).toEqual([whole(process.cwd())])
      expect(resolveRoots(['/'], true)).toEqual([whole('/')])
    }))

  it('takes a file through its directory, files of one directory together', () =>
    inTree((at) => {
      expect(resolveRoots([at('a/f')], true)).toEqual([files(at('a'), 'f')])
      expect(resolveRoots([at('a/f'), at('a/b/h'), at('a/g')], true)).toEqual([
        files(at('a'), 'f', 'g'),
        files(at('a/b'), 'h'),
      ])
      expect(resolveRoots([at('a/f'), at('a/f')], false)).toEqual([files(at('a'), 'f')])
      expect(resolveRoots([at('a/f'), at('toA/g')], true)).toEqual([files(at('a'), 'f', 'g')])
    }))

  it('takes a link to a file by the name of the link', () =>
    inTree((at) => {
      expect(resolveRoots([at('a/toF')], true)).toEqual([files(at('a'), 'toF')])
    }))

  it('counts two names of one directory once', () =>
    inTree((at) => {
      expect(resolveRoots([at('a'), at('a'), `${at('a')}/`, at('toA')], true)).toEqual([whole(at('a'))])
      expect(resolveRoots([at('a'), at('toA')], false)).toEqual([whole(at('a'))])
    }))

  it('drops what lies below another root, in any order', () =>
    inTree((at) => {
      expect(resolveRoots([at('a/b'), at('a'), at('a/b/h'), at('a/f')], true)).toEqual([whole(at('a'))])
      expect(resolveRoots([at('toA/b'), at('a')], true)).toEqual([whole(at('a'))])
      expect(resolveRoots(['/', at('a')], true)).toEqual([whole('/')])
      expect(resolveRoots(['/', at('a/f')], true)).toEqual([whole('/')])
    }))

  it('keeps a directory whose name only begins like another', () =>
    inTree((at) => {
      expect(resolveRoots([at('a'), at('ab')], true)).toEqual([whole(at('a')), whole(at('ab'))])
    }))

  it('keeps what lies below when it is not recursive, but not a file of a watched directory', () =>
    inTree((at) => {
      expect(resolveRoots([at('a'), at('a/b'), at('a/f')], false)).toEqual([whole(at('a')), whole(at('a/b'))])
      expect(resolveRoots([at('a'), at('a/b/h')], false)).toEqual([whole(at('a')), files(at('a/b'), 'h')])
    }))

  it('fails for a path that is not there, and says which', () =>
    inTree((at) => {
      for (const path of [at('missing'), at('a/f/x'), at('a/missing/x')]) {
        const failure = failureOf(() => resolveRoots([at('a'), path], true))
        expect(failure).toMatchObject({ code: 'FSFLOW_PATH_NOT_FOUND', path })
        expect(failure!.message).toContain(path)
        expect(failure!.hint).toBeDefined()
      }
      symlinkSync('nowhere', at('dangling'))
      expect(failureOf(() => resolveRoots([at('dangling')], true))).toMatchObject({
        code: 'FSFLOW_PATH_NOT_FOUND',
        path: at('dangling'),
      })
    }))

  itAsRoot('tells apart what the user may not look at', () =>
    inTree((at) => {
      chmodSync(at('.'), 0o755)
      chmodSync(at('a'), 0o700)
      const failure = asUser(NOBODY, () => failureOf(() => resolveRoots([at('a/f')], true)))
      expect(failure).toMatchObject({ code: 'FSFLOW_PERMISSION', path: at('a/f') })
      expect(failureOf(() => resolveRoots([at('a/f')], true))).toBeUndefined()
    }),
  )
})
