import { describe, expect, it } from '@jest/globals'
import { compileGlobs } from '../../src/operators/globs/globRules.js'
import { GlobFilter } from '../../src/operators/globs/GlobFilter.js'
import { SubtreeWeights } from '../../src/watching/SubtreeWeights.js'

const same = (path: string) => path

/** Weighs a tree in which each path holds so many directories. */
function weigh(sizes: Record<string, number>): SubtreeWeights {
  const weights = new SubtreeWeights()
  const added = new Set<string>()
  const add = (path: string): void => {
    if (added.has(path)) return
    const slash = path.lastIndexOf('/')
    if (path !== '') add(slash < 0 ? '' : path.slice(0, slash))
    added.add(path)
    weights.add(path)
  }
  add('')
  for (const [path, size] of Object.entries(sizes)) {
    add(path)
    for (let i = 1; i < size; i++) add(`${path}/${i}`)
  }
  return weights
}

describe('SubtreeWeights', () => {
  it('sums up what tools generate by its name, each of those in another once', () => {
    const weights = weigh({
      'a/node_modules': 10,
      'a/node_modules/x/node_modules': 5,
      'b/node_modules': 20,
      '.git': 7,
      'b/node_modules/y/.git': 3,
    })
    // x and y are directories too.
    expect(weights.heaviest(5, same)).toEqual([
      { glob: 'node_modules', directories: 10 + 1 + 5 + 20 + 1 + 3, places: 2 },
      { glob: '.git', directories: 7, places: 1 },
    ])
  })

  it('names other subtrees by their path, without what is generated in them, taken apart to the point', () => {
    const weights = weigh({
      'home/me/photos': 50,
      'home/me/mail': 30,
      'home/me/mail/node_modules': 100,
      var: 10,
    })
    expect(weights.heaviest(5, same)).toEqual([
      { glob: 'node_modules', directories: 100, places: 1 },
      { glob: '/home/me', directories: 81, places: 1 },
      { glob: '/var', directories: 10, places: 1 },
    ])
    const one = weigh({ 'home/me/photos': 90, 'home/me/mail': 3, var: 10 })
    expect(one.heaviest(2, same)).toEqual([
      { glob: '/home/me/photos', directories: 90, places: 1 },
      { glob: '/var', directories: 10, places: 1 },
    ])
  })

  it('leaves out what hardly counts, and has nothing to say of a flat tree', () => {
    expect(weigh({ big: 1000, small: 5 }).heaviest(5, same)).toEqual([
      { glob: '/big', directories: 1000, places: 1 },
    ])
    expect(weigh({ a: 1, b: 1 }).heaviest(5, same)).toEqual([])
    expect(new SubtreeWeights().heaviest(5, same)).toEqual([])
  })

  it.each(['a*b', 'a?b', '[ab]', '{a,b}', '!x', 'a\\b', '+(a)', '@(a|b)', '#a', ' a b ', 'ö"\'', 'a\nb'])(
    'the glob for %j leaves out that directory and no other',
    (name) => {
      const [part] = weigh({ [`x/${name}`]: 10, 'x/ab': 9, 'x/a': 9 }).heaviest(1, same)
      // The three hang together in x.
      expect(part!.glob).toBe('/x')
      const [alone] = weigh({ [name]: 10 }).heaviest(1, same)
      const filter = new GlobFilter([], compileGlobs('test', 'exclude', alone!.glob))
      expect(filter.excludesDirectory(name)).toBe(true)
      for (const other of ['ab', 'a', 'b', 'x', `y/${name}`])
        expect(filter.excludesDirectory(other)).toBe(false)
    },
  )
})
