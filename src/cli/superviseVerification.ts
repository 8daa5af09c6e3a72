import { directoryPort } from '../linux/directoryPort.js'
import { rawFromText } from '../linux/rawPath.js'
import { resolveRoots } from '../linux/resolveRoots.js'
import { compileGlobs } from '../operators/globs/globRules.js'
import { GlobFilter } from '../operators/globs/GlobFilter.js'
import { Verification, watchWithStats, type Comparison, type WatchOptions } from '../pipeline/index.js'
import { FsflowError } from '../errors/index.js'
import { DiskTree } from '../watching/DiskTree.js'
import type { ToldTree } from '../watching/ToldTree.js'
import { RunFailure } from './exitCodes.js'
import type { ScratchLoad } from './load/ScratchLoad.js'
import { onStopSignals } from './stopSignals.js'
import { ProgressLine } from './terminal/ProgressLine.js'
import { print } from './terminal/print.js'
import { renderIssue } from './terminal/renderIssue.js'
import type { ComparisonReason, VerificationFormat } from './terminal/renderVerification.js'

export interface VerificationSettings {
  readonly paths: readonly string[]
  readonly exclude: readonly string[]
  readonly source: Pick<
    WatchOptions,
    | 'source'
    | 'scope'
    | 'binding'
    | 'waitForPath'
    | 'onWatchLimit'
    | 'poll'
    | 'pollInterval'
    | 'followSymlinks'
  >
  readonly format: VerificationFormat
  /** Milliseconds between two comparisons. */
  readonly interval: number | undefined
  readonly load: Pick<ScratchLoad, 'seed' | 'run'> | undefined
}

/**
 * Watches paths and compares what is told with the disk: on SIGUSR1, at each interval, after each round of a load,
 * and at the end, which comes with SIGINT, SIGTERM or SIGHUP, or with the end of the load.
 *
 * Throws the error of the checks as it is, and what comes later as a RunFailure: also that there were differences.
 */
export async function superviseVerification(settings: VerificationSettings): Promise<void> {
  await new VerificationRun(settings).run()
}

function diskTree({ paths, exclude, source }: VerificationSettings, told: () => ToldTree): DiskTree {
  const roots = resolveRoots(paths, true, source.waitForPath).map(({ directory, only }) => ({
    path: rawFromText(directory),
    only: only === undefined ? undefined : new Set([...only].map(rawFromText)),
  }))
  const globs = new GlobFilter([], compileGlobs('verify', 'exclude', exclude))
  return new DiskTree(directoryPort(), roots, (path, isDirectory) => globs.passes(path, isDirectory), {
    followSymlinks: source.followSymlinks === true ? (path) => told().hasBelow(path) : undefined,
  })
}

class VerificationRun {
  readonly #settings: VerificationSettings
  readonly #verification: Verification
  readonly #progress = new ProgressLine(process.stderr)
  readonly #startedAt = performance.now()
  readonly #watching = new AbortController()
  readonly #stopping = new AbortController()
  readonly #differing = new Set<string>()
  #isReady = false
  #comparisons = 0
  #undecided = 0

  constructor(settings: VerificationSettings) {
    this.#settings = settings
    const { paths, exclude, source } = settings
    const disk = diskTree(settings, () => this.#verification.tree)
    const { stream, stats } = watchWithStats(paths, {
      ...source,
      exclude,
      signal: this.#watching.signal,
      onIssue: (issue) => {
        this.#progress.clear()
        process.stderr.write(renderIssue(issue))
      },
    })
    this.#verification = new Verification(stream, disk, { looks: () => stats()?.looks })
  }

  async run(): Promise<void> {
    const keepAlive = setInterval(() => undefined, 2 ** 30)
    const cut = new Promise<never>((_, reject) =>
      onStopSignals(
        () => this.#stopping.abort(),
        () => reject(new Error('a second signal ended it before the last comparison')),
      ),
    )
    try {
      await Promise.race([this.#work(), cut])
    } catch (error) {
      throw new RunFailure(error)
    } finally {
      this.#progress.clear()
      clearInterval(keepAlive)
      this.#verification.close()
    }
    const { size } = this.#differing
    if (size > 0) throw new RunFailure(differencesError(size, this.#settings.source.poll === 'off'))
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping
    const stopped = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    const release = this.#onDemand()
    try {
      await Promise.race([this.#ready(), stopped])
      if (!signal.aborted) {
        this.#isReady = true
        const compare = (): Promise<void> => this.#compare('load')
        await Promise.race([this.#settings.load?.run(compare, signal) ?? stopped, this.#streamEnd()])
      }
    } finally {
      release()
    }
    // Before the first listing there is nothing to compare.
    if (this.#isReady) await this.#compare('end')
    this.#watching.abort()
    await this.#verification.done
    await this.#summarize()
  }

  async #summarize(): Promise<void> {
    const { events, overflows } = this.#verification
    this.#progress.clear()
    await print(
      this.#settings.format.summary({
        events,
        overflows,
        comparisons: this.#comparisons,
        differences: this.#differing.size,
        undecided: this.#undecided,
        durationMs: performance.now() - this.#startedAt,
        seed: this.#settings.load?.seed,
      }),
    )
  }

  async #ready(): Promise<void> {
    await this.#verification.ready
    const { tree, adopted } = this.#verification
    const entries = [...tree.entries()].length
    await print(this.#settings.format.ready(this.#settings.paths, entries, adopted))
  }

  /** Rejects when the stream ends, which nobody has asked for. */
  async #streamEnd(): Promise<never> {
    await this.#verification.done
    throw new Error('the stream ended by itself')
  }

  /** Compares on SIGUSR1 and at each interval, until it is released. */
  #onDemand(): () => void {
    const asker = (reason: ComparisonReason, most: number) => {
      let asked = 0
      return (): void => {
        if (asked >= most) return
        asked++
        this.#compare(reason)
          // The end of the stream is told by who waits for it.
          .catch(() => undefined)
          .finally(() => asked--)
      }
    }
    // Whoever sends a signal wants what was there then: one under way may have looked too early.
    process.on('SIGUSR1', asker('signal', 2))
    const { interval } = this.#settings
    const timer = interval === undefined ? undefined : setInterval(asker('interval', 1), interval)
    return () => clearInterval(timer)
  }

  async #compare(reason: ComparisonReason): Promise<void> {
    const result = await this.#verification.compare()
    this.#comparisons++
    this.#undecided += result.undecided
    for (const { problem, path } of result.differences) this.#differing.add(`${problem} ${path}`)
    await this.#report(reason, result)
  }

  async #report(reason: ComparisonReason, result: Comparison): Promise<void> {
    const text = this.#settings.format.comparison(this.#comparisons, reason, result)
    this.#progress.clear()
    if (text !== undefined) await print(text)
    if (reason === 'load') {
      const { events } = this.#verification
      this.#progress.show(`fsflow: ${this.#comparisons} rounds, ${events} events ...`)
    }
  }
}

function differencesError(differences: number, isUnpolled: boolean): FsflowError {
  const doctor = 'fsflow doctor PATH names the filesystems of which inotify does not see all changes'
  return new FsflowError({
    code: 'FSFLOW_DIFFERENCES',
    message: `what was told and what is on the disk differed in ${differences} ${differences === 1 ? 'path' : 'paths'}`,
    hint: isUnpolled ? `${doctor}: with --poll off they are not compared.` : `${doctor}.`,
  })
}
