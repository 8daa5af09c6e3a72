import type { Issue } from '../../contracts/index.js'
import { FsflowError } from '../../errors/index.js'
import type { EventProcess } from '../../events/index.js'
import type { DrainFeed } from '../DrainThread.js'
import { ENOBUFS, errnoName } from '../errno.js'
import type { HandleRecord } from '../fanotify/HandleRecord.js'
import { decodeProcEvents } from './decodeProcEvents.js'
import { ExecGroup } from './ExecGroup.js'
import { LatestExecs } from './LatestExecs.js'
import { ProcConnector } from './ProcConnector.js'
import { ProcessTable } from './ProcessTable.js'

/** Knows of processes before they touch a file. */
export interface ProcessTracker {
  /**
   * What it lives by, to be read after the events and applied before them, the last one first: the feeds of a
   * `DrainThread`. None where the kernel tells nothing of processes.
   */
  readonly feeds: readonly DrainFeed[]
  /** To be told of each record of the events that has FAN_OPEN_EXEC, in its place among the others. `readAt` is that of its batch. */
  opens(record: HandleRecord, readAt: number): void
  /**
   * The process of events that are handled now, for their field `process`. Once for the events of a process in
   * one batch, and anew after each `opens` of it: it reads some of it from /proc. `undefined` when nothing is known, or without feeds.
   */
  identify(pid: number, readAt: number): EventProcess | undefined
  /** Lets go of its descriptors; the thread that reads them must have ended. */
  close(): void
}

/** How well processes can be known. */
export interface Attribution {
  readonly level: 'exact' | 'no-programs' | 'at-event'
  /** For `fsflow check`: what it costs, and how to get more. */
  readonly line: string
}

/**
 * Begins to follow all processes. Where a right is missing it knows less, and says so by `report`; it does not throw
 * for that.
 *
 * `eventsFd` is the fanotify group of the events, which then tells of execs too: they give each event its place between
 * the execs of a process. Without it, a process is told as what it was at the end of the turn. See cn_proc.h of the kernel, and fanotify(7).
 */
export function openProcessTracker(report: (issue: Issue) => void, eventsFd?: number): ProcessTracker {
  const { connector, latest, group, problem } = openSources()
  if (problem !== undefined) report(issueOf(problem, connector === undefined))
  if (connector === undefined || latest === undefined) {
    return { feeds: [], opens: () => undefined, identify: () => undefined, close: () => undefined }
  }
  const isOrdered = group !== undefined && eventsFd !== undefined
  const table = new ProcessTable(isOrdered, latest)
  if (isOrdered) group.follow(eventsFd)
  const lost = (errno: number): void => {
    report({
      code: 'FSFLOW_PROCESSES_LOST',
      message:
        errno === ENOBUFS
          ? 'messages about processes were lost: all processes are read anew, those that ended meanwhile are not known'
          : `messages about processes cannot be read: ${errnoName(errno)}`,
    })
    table.scan()
  }
  try {
    table.scan()
  } catch (error) {
    connector.close()
    latest.close()
    group?.close()
    throw error
  }
  const feeds: DrainFeed[] = [
    {
      fd: connector.fd,
      tellsExecs: true,
      apply: (buffer, readAt, execs) => {
        table.enterTurn(readAt)
        table.apply(decodeProcEvents(buffer), execs)
      },
      failed: lost,
    },
  ]
  if (group !== undefined) {
    feeds.push({
      fd: group.fd,
      apply: (buffer, readAt) => {
        table.enterTurn(readAt)
        group.markMounts()
        table.addPrograms(group.programs(buffer))
      },
      failed: lost,
    })
  }
  return {
    feeds,
    opens: ({ pid, target }, readAt) => {
      table.enterTurn(readAt)
      table.opens(pid, target)
    },
    identify: (pid, readAt) => {
      table.enterTurn(readAt)
      return table.identify(pid)
    },
    close() {
      connector.close()
      latest.close()
      group?.close()
    },
  }
}

/** What a tracker would know here. Leaves nothing open. */
export function checkAttribution(): Attribution {
  const { connector, latest, group, problem } = openSources()
  connector?.close()
  latest?.close()
  group?.close()
  if (problem === undefined) {
    return {
      level: 'exact',
      line: 'processes: followed from their start; executable, user and parent are exact',
    }
  }
  const { level, cost } =
    connector === undefined
      ? { level: 'at-event' as const, cost: atEvent }
      : { level: 'no-programs' as const, cost: noPrograms }
  return { level, line: `processes: ${cost} (${problem.message})` }
}

const atEvent =
  'read from /proc when an event is handled; most of those that live for some milliseconds only stay unknown'
const noPrograms =
  'followed from their start, but programs are read from /proc; those that end at once stay without executable'

interface Sources {
  readonly connector: ProcConnector | undefined
  readonly latest: LatestExecs | undefined
  readonly group: ExecGroup | undefined
  readonly problem: FsflowError | undefined
}

function openSources(): Sources {
  let connector: ProcConnector | undefined
  let latest: LatestExecs | undefined
  try {
    connector = new ProcConnector()
    latest = new LatestExecs()
    return { connector, latest, group: new ExecGroup(), problem: undefined }
  } catch (error) {
    if (FsflowError.is(error)) return { connector, latest, group: undefined, problem: error }
    connector?.close()
    latest?.close()
    throw error
  }
}

function issueOf(problem: FsflowError, isAtEvent: boolean): Issue {
  return {
    code: 'FSFLOW_PROCESSES_LIMITED',
    message: `processes are ${isAtEvent ? atEvent : noPrograms} (${problem.message})`,
    hint: problem.hint,
    cause: problem,
  }
}
