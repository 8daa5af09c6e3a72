// The ways in which a process that watches can end: `node lifecycle.js SCENARIO BINDING TREE`. It must end by itself.
// Prints `ready` where something from outside is to happen, else what it has found.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { BindingName } from '../../../src/linux/openInotify.js'
import { holdings } from '../procSelf.js'
import { SourceProbe } from '../SourceProbe.js'
import { until } from '../until.js'

const RESTARTS = 200
const ROUNDS = 100
const FILES = 6

const [scenario, binding, tree] = (isMainThread ? process.argv.slice(2) : workerData) as [
  string,
  BindingName,
  string,
]
const options = { paths: tree, binding }

const start = () => new SourceProbe(options).ready()
const print = (result: unknown) => process.stdout.write(JSON.stringify(result))

async function sameAs(before: string): Promise<void> {
  await until(
    () => JSON.stringify(holdings()) === before,
    () => `${JSON.stringify(holdings())} becomes ${before}`,
  )
}

/** What is held once everything that is made only once is there. */
async function baseline(): Promise<string> {
  await (await start()).stop()
  return JSON.stringify(holdings())
}

async function makeEvent(probe: SourceProbe, name: string): Promise<void> {
  writeFileSync(join(tree, name), '')
  await probe.sees('CREATE', join(tree, name))
}

/** More than the kernel queues and the backlog holds, while nobody reads. */
function fallBehind(): void {
  writeFileSync(join(tree, 'a'), '')
  for (let i = 0; i < 12_000; i++)
    renameSync(join(tree, i % 2 === 0 ? 'a' : 'b'), join(tree, i % 2 === 0 ? 'b' : 'a'))
}

async function inWorker(inner: string, ended: (worker: Worker) => Promise<number>): Promise<void> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: [inner, binding, tree] })
  await new Promise((resolve) => worker.once('message', resolve))
  print(await ended(worker))
}

const exitOf = (worker: Worker) => new Promise<number>((resolve) => worker.once('exit', resolve))

const scenarios: Record<string, () => Promise<void>> = {
  async abort() {
    const before = await baseline()
    const probe = await start()
    await makeEvent(probe, 'f')
    await probe.stop()
    await sameAs(before)
    print(probe.ended)
  },
  async unsubscribe() {
    const before = await baseline()
    const probe = await start()
    await makeEvent(probe, 'f')
    probe.unsubscribe()
    await sameAs(before)
    print(probe.ended)
  },
  async unsubscribeEarly() {
    const before = await baseline()
    new SourceProbe(options).unsubscribe()
    await sameAs(before)
  },
  async abortEarly() {
    const before = await baseline()
    const probe = await new SourceProbe(options).stop()
    await sameAs(before)
    print([probe.ended, probe.events.length])
  },
  async exit() {
    await start()
    process.exit(3)
  },
  async exitBehind() {
    const probe = await new SourceProbe({ ...options, backlog: 65_536 }).ready()
    fallBehind()
    process.exit(probe.events.length === 1 ? 3 : 4)
  },
  async abortBehind() {
    const before = await baseline()
    const probe = await new SourceProbe({ ...options, backlog: 65_536 }).ready()
    fallBehind()
    writeFileSync(join(tree, 'last'), '')
    await probe.stop()
    await sameAs(before)
    print([probe.ended, probe.controls.slice(0, 2), probe.has('CREATE', join(tree, 'last'))])
  },
  async uncaught() {
    await start()
    setImmediate(() => {
      throw new Error('uncaught')
    })
  },
  async uncaughtInEvent() {
    const probe = new SourceProbe(options, {
      onEvent: () => {
        throw new Error('uncaught')
      },
    })
    await probe.over()
  },
  async signal() {
    await start()
    process.stdout.write('ready')
  },
  async two() {
    const before = await baseline()
    const probes = [await start(), await start()]
    for (const probe of probes) await makeEvent(probe, `f${probes.indexOf(probe)}`)
    await probes[0]!.stop()
    await makeEvent(probes[1]!, 'after')
    await probes[1]!.stop()
    await sameAs(before)
    print(probes.map((probe) => probe.told(tree).filter((line) => line.startsWith('CREATE'))))
  },
  async restarts() {
    const before = await baseline()
    for (let i = 0; i < RESTARTS; i++) {
      const probe = await start()
      if (i % 10 === 0) await makeEvent(probe, String(i))
      if (i % 3 === 0) probe.unsubscribe()
      else await probe.stop()
    }
    await sameAs(before)
    print('same')
  },
  async lastWords() {
    const missing: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const probe = await start()
      const paths: string[] = []
      for (let i = 0; i < FILES; i++) paths.push(join(tree, `${round}-${i}`))
      for (const path of paths) writeFileSync(path, 'x')
      const below = join(tree, `${round}-d`, 'a', 'b')
      mkdirSync(below, { recursive: true })
      writeFileSync(join(below, 'f'), 'x')
      await probe.stop()
      for (const path of [...paths, below, join(below, 'f')])
        if (!probe.has('CREATE', path)) missing.push(path)
      for (const path of paths) if (!probe.has('CLOSE_WRITE', path)) missing.push(`${path} (written)`)
    }
    print(missing)
  },
  workerTerminate: () =>
    inWorker('hold', async (worker) => {
      const exit = exitOf(worker)
      await worker.terminate()
      return exit
    }),
  workerExit: () =>
    inWorker('exitWhenTold', (worker) => {
      worker.postMessage('exit')
      return exitOf(worker)
    }),
  workerEnd: () =>
    inWorker('stopWhenTold', (worker) => {
      worker.postMessage('stop')
      return exitOf(worker)
    }),
  workerUncaught: () =>
    inWorker('throwWhenTold', (worker) => {
      worker.once('error', () => undefined)
      worker.postMessage('throw')
      return exitOf(worker)
    }),
  // Kept while its worker watches.
  async exitWithWorker() {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: ['hold', binding, tree] })
    await new Promise((resolve) => worker.once('message', resolve))
    process.exit(3)
  },
  async hold() {
    await start()
    parentPort!.postMessage('ready')
  },
  exitWhenTold: () => whenTold(() => process.exit(5)),
  stopWhenTold: () => whenTold((probe) => void probe.stop()),
  throwWhenTold: () =>
    whenTold(() => {
      throw new Error('uncaught')
    }),
}

async function whenTold(act: (probe: SourceProbe) => void): Promise<void> {
  const probe = await start()
  parentPort!.once('message', () => act(probe))
  parentPort!.postMessage('ready')
}

await scenarios[scenario]!()
