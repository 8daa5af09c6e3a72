import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { at, filesBelow, project, read } from './helpers/project.js'

const pages = filesBelow('docs', '.md')

/** Text without its code, in which what looks like a link is none. */
const withoutCode = (text: string): string => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '``')

/** The heading's anchor, as web pages of repositories make it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function anchors(path: string): string[] {
  const text = read(path).replace(/^```.*?^```/gms, '')
  return [...text.matchAll(/^#+ (.*)$/gm)].map((match) => anchor(match[1]!))
}

describe('documentation', () => {
  it.each(['README.md', ...pages])('%s: every relative link leads somewhere', (page) => {
    const broken: string[] = []
    for (const [, target] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      const [path, fragment] = target!.split('#') as [string, string | undefined]
      const file = path === '' ? page : relative(project, resolve(at(dirname(page)), path))
      const isThere = !file.startsWith('..') && existsSync(at(file))
      if (!isThere || (fragment !== undefined && !anchors(file).includes(fragment))) broken.push(target!)
    }
    expect(broken).toEqual([])
  })

  it('docs/index.md links every page, and every example', () => {
    const links = [...read('docs/index.md').matchAll(/\]\(([^)#\s]+)\)/g)].map((match) => match[1]!)
    const linked = new Set(links.map((link) => join('docs', link)))
    const wanted = [...pages, ...filesBelow('examples', '.ts')].filter((page) => page !== 'docs/index.md')
    expect(wanted.filter((page) => !linked.has(page))).toEqual([])
  })

  it('README.md has one command to run and one to test, and .ci/run calls the latter', () => {
    const command = (heading: string): string => {
      const [, section] = new RegExp(`^## ${heading}\\n(.*?)^## `, 'ms').exec(read('README.md')) ?? []
      const blocks = [...(section ?? '').matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1]!)
      expect(blocks).toHaveLength(1)
      expect(blocks[0]!.trimEnd()).not.toContain('\n')
      return blocks[0]!.trimEnd()
    }
    expect(command('Run it')).toBe('npm ci && npm start --silent -- watch .')
    expect(command('Test it')).toBe('npm ci && npm test')
    expect(read('.ci/run').split('\n')).toContain(command('Test it'))
  })

  it('names scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = new Set<string>()
    for (const page of ['README.md', ...pages]) {
      for (const [, script] of read(page).matchAll(/\bnpm run ([a-z:]+)/g)) named.add(script!)
    }
    expect(
      [...named, 'build', 'start', 'test', 'lint', 'format', 'bench'].filter((name) => !(name in scripts)),
    ).toEqual([])
  })
})
