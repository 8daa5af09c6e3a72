import { escapePath } from '../../formats/index.js'
import { inexactBytes, textFromRaw } from '../../linux/rawPath.js'
import type { Advice } from '../doctor/advise.js'
import type { FanotifyState } from '../doctor/examineFanotify.js'
import type { MountState, PathState } from '../doctor/examinePath.js'
import type { LimitState, SystemState } from '../doctor/examineSystem.js'
import { fittingSources, fittingText, UNSEEN_FILE } from '../doctor/fittingSources.js'
import { printable } from './printable.js'
import { count } from './renderSummary.js'

/** What `fsflow doctor` has found. */
export interface Diagnosis {
  readonly system: SystemState
  /** `undefined` when no path was named. */
  readonly path: PathState | undefined
  readonly advice: readonly Advice[]
}

const MAX_USERS = 10
const LABEL = 18

const number = new Intl.NumberFormat('en-US')

/** Sections of aligned lines, for people. */
export function diagnosisText({ system, path, advice }: Diagnosis): string {
  const lines = [...systemLines(system), ...userLines(system)]
  if (path !== undefined) lines.push(...pathLines(path, system))
  lines.push(...adviceLines(advice))
  return lines.map(printable).join('\n')
}

function field(label: string, value: string): string {
  return `  ${label.padEnd(LABEL)}${value}`
}

function systemLines({
  kernel,
  uid,
  userName,
  capabilities,
  bindings,
  fanotify,
  ...limits
}: SystemState): string[] {
  const held = Object.entries(capabilities ?? {}).map(([name, has]) => `${name} ${has ? 'yes' : 'no'}`)
  return [
    'system',
    field('kernel', `Linux ${kernel}`),
    field('user', userName === null ? `uid ${uid}` : `${userName} (uid ${uid})`),
    field('capabilities', capabilities === undefined ? 'unknown' : held.join(', ')),
    field('', 'the inotify source needs none; CAP_DAC_READ_SEARCH lets it read every directory'),
    'bindings of inotify',
    ...bindings.map(({ name, problem, chosen }) =>
      field(name, problem ?? (chosen ? 'works, and is the one that auto chooses' : 'works')),
    ),
    'the fanotify source, which also tells the process',
    field('fanotify', fanotify.problem ?? 'works'),
    'limits of inotify for each user',
    field('watches', limitText(limits.watches)),
    field('instances', limitText(limits.instances)),
    field('queue', `${shown(limits.queuedEvents)} events for each instance`),
  ]
}

function limitText({ limit, used, free }: LimitState): string {
  if (limit === undefined) return `${number.format(used)} in use by this user, limit unknown`
  return `${number.format(limit)}, of which this user has ${number.format(used)} in use and ${number.format(free)} free`
}

function userLines({ users }: SystemState): string[] {
  if (users.length === 0) return ['who uses inotify', field('nobody', 'of those who can be looked at')]
  const rows = users
    .slice(0, MAX_USERS)
    .map(({ name, pid, uid, instances, watches }) => [
      name,
      String(pid),
      uid === undefined ? '?' : String(uid),
      number.format(instances),
      number.format(watches),
    ])
  const more = users.length - MAX_USERS
  return [
    'who uses inotify',
    ...table([['name', 'pid', 'uid', 'instances', 'watches'], ...rows]),
    ...(more > 0 ? [`  and ${count(more, 'process', 'processes')} more`] : []),
  ]
}

function pathLines(path: PathState, { watches }: SystemState): string[] {
  const lines = [
    'path',
    field(path.isDirectory ? 'directory' : 'file', escapePath(path.path, undefined)),
    field('directories', `${number.format(path.directories)}, listed in ${path.crawlMs.toFixed(0)} ms`),
    field('watches needed', `${number.format(path.watchesNeeded)} of ${shown(watches.free)} free`),
  ]
  if (path.unreadable > 0) lines.push(field('unreadable', count(path.unreadable, 'directory', 'directories')))
  lines.push('filesystems at and below it, and which source fits')
  lines.push(...table(path.mounts.map(mountRow)))
  if (path.heaviest.length > 0) {
    lines.push('parts that cost most watches: exclude those that you do not need')
    lines.push(
      ...table(
        path.heaviest.map(({ glob, directories, places }) => [
          number.format(directories),
          `--exclude ${quoted(glob)}`,
          places === 1 ? '' : `in ${number.format(places)} places`,
        ]),
      ),
    )
  }
  return lines
}

function mountRow(state: MountState): string[] {
  const { mountPoint, type } = state.mount
  const text = textFromRaw(mountPoint)
  return [escapePath(text, inexactBytes(mountPoint, text)), type, fittingText(state)]
}

function adviceLines(advice: readonly Advice[]): string[] {
  if (advice.length === 0) return ['what to change', '  nothing']
  return [
    'what to change',
    ...advice.flatMap(({ message, sysctl }) =>
      sysctl === undefined ? [`  ${message}`] : [`  ${message}`, `    sudo sysctl ${sysctl}`],
    ),
  ]
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? []
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  )
}

function shown(value: number | undefined): string {
  return value === undefined || value === Infinity ? 'unknown' : number.format(value)
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** One JSON object, for programs. */
export function diagnosisJson({ system, path, advice }: Diagnosis): string {
  const { watches, instances } = system
  return JSON.stringify(
    {
      kernel: system.kernel,
      uid: system.uid,
      user_name: system.userName,
      capabilities: system.capabilities ?? null,
      bindings: system.bindings.map(({ name, problem, chosen }) => ({
        name,
        works: problem === undefined,
        chosen,
        ...(problem !== undefined && { problem }),
      })),
      fanotify: fanotifyJson(system.fanotify),
      limits: {
        watches: limitJson(watches),
        instances: limitJson(instances),
        queued_events: system.queuedEvents ?? null,
      },
      users: system.users.map(({ uid, ...user }) => ({ ...user, uid: uid ?? null })),
      path: path === undefined ? null : pathJson(path),
      advice: advice.map(({ message, sysctl, required }) => ({ message, sysctl: sysctl ?? null, required })),
      watchable: !advice.some(({ required }) => required),
    },
    null,
    2,
  )
}

function fanotifyJson({ problem }: FanotifyState): object {
  return problem === undefined ? { works: true } : { works: false, problem }
}

function limitJson({ limit, used, free }: LimitState): object {
  return limit === undefined ? { limit: null, used, free: null } : { limit, used, free }
}

function pathJson(path: PathState): object {
  return {
    path: path.path,
    is_directory: path.isDirectory,
    directories: path.directories,
    watches_needed: path.watchesNeeded,
    unreadable: path.unreadable,
    crawl_ms: Math.round(path.crawlMs),
    mounts: path.mounts.map((state) => {
      const { mount, isFile, fanotify } = state
      const { view, blind } = state.view
      const mountPoint = textFromRaw(mount.mountPoint)
      const bytes = inexactBytes(mount.mountPoint, mountPoint)
      return {
        mount_point: mountPoint,
        ...(bytes !== undefined && { mount_point_bytes: Buffer.from(bytes).toString('base64') }),
        type: mount.type,
        source: textFromRaw(mount.source),
        ...(isFile && { single_file: true }),
        inotify: isFile ? 'partial' : view,
        ...((isFile || blind !== undefined) && { unseen: isFile ? UNSEEN_FILE : blind }),
        fanotify: fanotify === undefined ? null : fanotifyJson(fanotify),
        fits: fittingSources(state),
      }
    }),
    excludes: path.heaviest,
  }
}
