import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { realPath } from '../../src/linux/realPath.js'
import { withDirectory } from '../helpers/withDirectory.js'

describe('realPath', () => {
  it('resolves the links on the way, as far as there is something', () =>
    withDirectory((top) => {
      const real = realpathSync(top)
      mkdirSync(join(top, 'd'))
      symlinkSync('d', join(top, 'link'))
      expect(realPath(join(top, 'link'))).toBe(join(real, 'd'))
      expect(realPath(join(top, 'link/a/b'))).toBe(join(real, 'd/a/b'))
      expect(realPath('/')).toBe('/')
      expect(realPath('/missing-here/x')).toBe('/missing-here/x')
    }))

  it('takes and gives raw bytes', () =>
    withDirectory((top) => {
      const raw = `${realpathSync(top)}/\xff`
      mkdirSync(Buffer.from(raw, 'latin1'))
      expect(realPath(raw)).toBe(raw)
      expect(realPath(`${raw}/\xfe`)).toBe(`${raw}/\xfe`)
    }))
})
