import { expect } from '@jest/globals'
import { describeBindings } from '../helpers/bindings.js'
import { runChild, type ChildResult } from '../helpers/runChild.js'
import { withDirectory } from '../helpers/withDirectory.js'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

describeBindings('a process that watches', ({ binding, test }) => {
  const run = (scenario: string, signal?: NodeJS.Signals): Promise<ChildResult> =>
    withDirectory((tree) =>
      runChild('lifecycle', [scenario, binding, tree], {
        onOutput: (text, kill) => {
          if (signal !== undefined && text === 'ready') kill(signal)
        },
      }),
    )

  /** It ended by itself, said nothing on stderr, and this on stdout. */
  const ended = (printed: unknown) => ({
    code: 0,
    signal: null,
    hung: false,
    stderr: '',
    stdout: printed === undefined ? '' : JSON.stringify(printed),
  })

  test('completes after abort, lets go of everything, and ends', async () => {
    expect(await run('abort')).toEqual(ended('complete'))
  })

  test('lets go of everything when it is unsubscribed, and ends', async () => {
    expect(await run('unsubscribe')).toEqual(ended('no'))
  })

  test('does so too before it has started', async () => {
    expect(await run('unsubscribeEarly')).toEqual(ended(undefined))
    expect(await run('abortEarly')).toEqual(ended(['complete', 0]))
  })

  test('keeps the code of process.exit', async () => {
    expect(await run('exit')).toMatchObject({ code: 3, hung: false, stderr: '' })
  })

  test('keeps it also when it is far behind', async () => {
    expect(await run('exitBehind')).toMatchObject({ code: 3, hung: false, stderr: '' })
  })

  test('tells the last event before an abort also when it was far behind', async () => {
    expect(await run('abortBehind')).toEqual(ended(['complete', ['MONITOR_START', 'OVERFLOW'], true]))
  })

  test('ends with code 1 at an uncaught error', async () => {
    for (const scenario of ['uncaught', 'uncaughtInEvent']) {
      const { code, hung, stderr } = await run(scenario)
      expect({ code, hung }).toEqual({ code: 1, hung: false })
      expect(stderr).toContain('Error: uncaught')
    }
  })

  test('dies of a signal that it does not handle', async () => {
    for (const signal of SIGNALS) {
      expect(await run('signal', signal)).toMatchObject({ code: null, signal, hung: false })
    }
  })

  test('watches twice at once', async () => {
    expect(await run('two')).toEqual(
      ended([
        ['CREATE f0', 'CREATE f1'],
        ['CREATE f0', 'CREATE f1', 'CREATE after'],
      ]),
    )
  })

  test('starts and stops 200 times, and holds no more than after the first', async () => {
    expect(await run('restarts')).toEqual(ended('same'))
  })

  test('tells all that happened before the abort, each time', async () => {
    expect(await run('lastWords')).toEqual(ended([]))
  })

  if (binding === 'koffi') {
    test('ends with a worker thread that watches, however that ends', async () => {
      expect(await run('workerTerminate')).toEqual(ended(1))
      expect(await run('workerExit')).toEqual(ended(5))
      expect(await run('workerEnd')).toEqual(ended(0))
      expect(await run('workerUncaught')).toEqual(ended(1))
      expect(await run('exitWithWorker')).toMatchObject({ code: 3, hung: false, stderr: '' })
    })
  } else {
    test('says in a worker thread that it cannot watch there', async () => {
      const { code, hung, stderr } = await run('workerEnd')
      expect({ code, hung }).toEqual({ code: 1, hung: false })
      expect(stderr).toContain('node-inotify works on the main thread only')
    })
  }
})
