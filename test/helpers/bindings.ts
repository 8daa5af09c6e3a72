import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { describe } from '@jest/globals'
import { itWith, type Requirement } from './requires.js'

export const bindingNames = ['koffi', 'node-inotify'] as const
export type Binding = (typeof bindingNames)[number]

function installed(name: string): Requirement {
  return {
    what: `the package ${name}`,
    met() {
      try {
        createRequire(import.meta.url)(name)
        return true
      } catch {
        return false
      }
    },
  }
}

/** A user namespace has limits of its own, so that a test lowers them for nobody else. */
export const userNamespace: Requirement = {
  what: 'user namespaces',
  met: () => spawnSync('unshare', ['-Ur', 'true']).status === 0,
}

type Test = (name: string, run: () => Promise<void> | void) => void

export interface BindingSuite {
  readonly binding: Binding
  /** A test of this binding. */
  readonly test: Test
  /** The same, with further requirements. */
  readonly testWith: (requirements: readonly Requirement[], ...test: Parameters<Test>) => void
}

/** The same tests for each binding. */
export function describeBindings(title: string, suite: (context: BindingSuite) => void): void {
  describe.each(bindingNames)(`${title} (%s)`, (binding) => {
    const needed = installed(binding)
    suite({
      binding,
      test: (name, run) => itWith([needed], name, run),
      testWith: (requirements, name, run) => itWith([needed, ...requirements], name, run),
    })
  })
}
