import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import ts from 'typescript'
import { at, filesBelow, project, read } from './helpers/project.js'

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)
}

/** What a module exports by name, types left out. */
function exportedValues(path: string): string[] {
  return parse(path).statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (isExported !== true) return []
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText())
    }
    return ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
      ? [statement.name!.text]
      : []
  })
}

interface ReExport {
  readonly name: string
  readonly from: string
}

/** The values that an index exports, and the file that each comes from. */
function reExports(index: string): ReExport[] {
  return parse(index).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) return []
    const from = (statement.moduleSpecifier as ts.StringLiteral).text
    const file = join(dirname(index), from).replace(/\.js$/, '.ts')
    const { exportClause } = statement
    if (exportClause === undefined) return exportedValues(file).map((name) => ({ name, from: file }))
    return (exportClause as ts.NamedExports).elements
      .filter((element) => !element.isTypeOnly)
      .map((element) => ({ name: element.name.text, from: file }))
  })
}

const isTypeName = (name: string): boolean => /^[A-Z]/.test(name)

/** The components of a folder, by the names of their files: what is directly in it and no class. */
function components(folder: string): string[] {
  return readdirSync(at('src', folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'index.ts')
    .map((entry) => basename(entry.name, '.ts'))
    .filter((name) => !isTypeName(name))
    .sort()
}

const operators = components('operators')
const formats = [...new Set(reExports('src/formats/index.ts').map(({ from }) => basename(from, '.ts')))]

describe.each([
  { folder: 'operators', names: operators, page: (name: string) => `docs/operators/${name}.md` },
  { folder: 'sources', names: components('sources'), page: (name: string) => `docs/sources/${name}.md` },
  { folder: 'sinks', names: components('sinks'), page: (name: string) => `docs/sinks/${name}.md` },
  { folder: 'formats', names: formats, page: () => 'docs/formats.md', further: ['escapePath'] },
])('src/$folder', ({ folder, names, page, further = [] }) => {
  const exported = reExports(`src/${folder}/index.ts`)

  it('has components', () => {
    expect(names).not.toEqual([])
  })

  it.each(names)('%s is exported once, under the name of its file', (name) => {
    expect(exportedValues(`src/${folder}/${name}.ts`)).toContain(name)
    expect(exported.filter((entry) => entry.name === name)).toEqual([
      { name, from: `src/${folder}/${name}.ts` },
    ])
  })

  it.each(names)('%s has a test at the same place', (name) => {
    expect(existsSync(at('test', folder, `${name}.test.ts`))).toBe(true)
  })

  it.each(names)('%s has a page that says how to import it', (name) => {
    const text = read(page(name))
    expect(text).toContain(`'fsflow/${folder}'`)
    expect(text).toMatch(new RegExp(`\\b${name}\\b`))
  })

  it('exports nothing else', () => {
    expect(exported.map((entry) => entry.name).sort()).toEqual([...names, ...further].sort())
  })
})

describe.each(['operators', 'sources', 'sinks'])('the pages of %s', (folder) => {
  const page = (name: string): string => read(`docs/${folder}/${name}.md`)
  const hasSection = (text: string, ...headings: readonly string[]): boolean =>
    headings.some((heading) => text.split('\n').includes(`## ${heading}`))

  it.each(components(folder))('%s shows in an example how to import it', (name) => {
    const examples = [...page(name).matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!)
    const imports = new RegExp(`^import {[^}]*\\b${name}\\b[^}]*} from 'fsflow/${folder}'$`, 'm')
    expect(examples.filter((example) => imports.test(example))).not.toEqual([])
  })

  it.each(components(folder))('%s has its options, or says that there are none', (name) => {
    const text = page(name)
    expect(hasSection(text, 'Options')).toBe(!/^It has no options\.$/m.test(text))
  })

  it.each(components(folder))('%s says how it behaves, or what its limits are', (name) => {
    expect(hasSection(page(name), 'Behaviour', 'Limits')).toBe(true)
  })
})

describe('operators', () => {
  /** The marble diagram of the doc comment: label to picture. */
  function diagram(name: string): Map<string, string> {
    const [, picture] = /^ \* ```\n(.*?)^ \* ```$/ms.exec(read(`src/operators/${name}.ts`)) ?? []
    const lines = [...(picture ?? '').matchAll(/^ \* (\w+):\s+(\S+)/gm)]
    return new Map(lines.map(([, label, marbles]) => [label!, marbles!]))
  }

  it.each(operators)(
    '%s shows the same picture in its comment, its first marble test and its page',
    (name) => {
      const pictures = diagram(name)
      expect([...pictures.keys()]).toEqual(expect.arrayContaining(['source', 'result']))
      const test = read(`test/operators/${name}.test.ts`)
      const [first] = /\bhot\([^]*?\.toBe\(/.exec(test) ?? ['']
      const marbles = [...first.matchAll(/'\s*([^'\s]+)\s*'/g)].map((match) => match[1])
      expect(marbles).toEqual(expect.arrayContaining([...pictures.values()]))
      for (const picture of pictures.values()) expect(read(`docs/operators/${name}.md`)).toContain(picture)
    },
  )

  const forbidden: ReadonlySet<string> = new Set([
    'Date',
    'performance',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'process',
    'Promise',
    'async',
  ])

  it.each(filesBelow('src/operators', '.ts'))('%s has no clock, timer or Promise of its own', (file) => {
    const found: string[] = []
    const visit = (node: ts.Node): void => {
      const { parent } = node
      const isAccess = ts.isPropertyAccessExpression(parent)
      // A name behind a dot, or of a field, is not that of the global.
      const isField = ts.isPropertySignature(parent) || (isAccess && parent.name === node)
      const isWord = ts.isIdentifier(node) || node.kind === ts.SyntaxKind.AsyncKeyword
      const isForbidden = isWord && !isField && forbidden.has(node.getText())
      if (isForbidden || ts.isAwaitExpression(node)) found.push(node.getText())
      ts.forEachChild(node, visit)
    }
    ts.forEachChild(parse(file), visit)
    expect(found).toEqual([])
  })
})

describe('index files', () => {
  const indexes = filesBelow('src', '/index.ts').concat('src/index.ts')

  it.each([...new Set(indexes)])('%s only exports', (index) => {
    const others = parse(index).statements.filter(
      (statement) => !ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined,
    )
    expect(others.map((statement) => statement.getText())).toEqual([])
  })

  it('exports no name twice', () => {
    for (const index of indexes) {
      const names = reExports(index).map(({ name }) => name)
      expect(names).toEqual([...new Set(names)])
    }
  })
})

describe('folders', () => {
  it('each has its place in the one-way rule', () => {
    const rules = createRequire(import.meta.url)(at('.dependency-cruiser.cjs')) as {
      forbidden: { name: string }[]
    }
    const named = rules.forbidden.flatMap(({ name }) => /^one-way-(.*)/.exec(name)?.[1] ?? [])
    const folders = readdirSync(at('src')).filter((name) => statSync(at('src', name)).isDirectory())
    expect(named.sort()).toEqual(folders.sort())
  })
})

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

describe('package.json', () => {
  const manifest = JSON.parse(read('package.json')) as Manifest

  it('exports and names as commands only what is built from src', () => {
    const targets = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
      .flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
      .filter((target) => target !== './package.json')
    expect(targets.length).toBeGreaterThan(10)
    for (const target of targets) {
      const source = target.replace(/^(\.\/)?dist\//, 'src/').replace(/(\.d)?\.[jt]s$/, '.ts')
      expect([target, existsSync(at(source))]).toEqual([target, true])
    }
  })

  it('exports every folder that is for users', () => {
    const folders = ['formats', 'operators', 'sinks', 'sources', 'testing']
    expect(Object.keys(manifest.exports).sort()).toEqual(
      ['.', './package.json', ...folders.map((folder) => `./${folder}`)].sort(),
    )
  })

  it('declares exactly the packages that src imports', () => {
    const imported = new Set<string>()
    const builtin: string[] = []
    for (const file of filesBelow('src', '.ts')) {
      const note = (specifier: string): void => {
        if (specifier.startsWith('.')) return
        if (specifier.startsWith('node:')) builtin.push(specifier)
        else
          imported.add(
            specifier
              .split('/')
              .slice(0, specifier.startsWith('@') ? 2 : 1)
              .join('/'),
          )
      }
      const visit = (node: ts.Node): void => {
        if (
          (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
          node.moduleSpecifier !== undefined
        ) {
          note((node.moduleSpecifier as ts.StringLiteral).text)
        } else if (ts.isCallExpression(node) && node.arguments.length === 1) {
          const [argument] = node.arguments
          const loads =
            node.expression.kind === ts.SyntaxKind.ImportKeyword ||
            /^(createRequire\(.*\)|require)$/.test(node.expression.getText())
          if (loads && ts.isStringLiteral(argument!)) note(argument.text)
        }
        ts.forEachChild(node, visit)
      }
      visit(parse(file))
    }
    const { dependencies, optionalDependencies, peerDependencies, devDependencies } = manifest
    const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies }
    expect([...imported].sort()).toEqual(Object.keys(declared).sort())
    expect(builtin).not.toEqual([])
    for (const peer of Object.keys(peerDependencies)) expect(devDependencies).toHaveProperty(peer)
  })
})

describe('the repository', () => {
  it('has nothing in it that a build makes', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: project, encoding: 'utf8' }).split('\n')
    expect(
      tracked.filter((file) => /^(dist|build[^/]*|node_modules|coverage)\/|\.(tsbuildinfo|tgz)$/.test(file)),
    ).toEqual([])
  })
})
