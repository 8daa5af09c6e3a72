import { join } from 'node:path'
import type { SourceRequest } from '../../contracts/index.js'
import { fanotifyProblem, filesystemProblem } from '../../linux/fanotify/fanotifySupport.js'
import { inotifyView } from '../../linux/filesystemTypes.js'
import type { BindingName } from '../../linux/openInotify.js'
import { mountOf, mountsBelow, readMounts, type Mount } from '../../linux/mounts.js'
import { rawFromText, textFromRaw } from '../../linux/rawPath.js'
import { nearestExisting } from '../../linux/nearestExisting.js'
import { realPath } from '../../linux/realPath.js'
import { resolveRoots, type ResolvedRoot } from '../../linux/resolveRoots.js'
import { fanotifyMask } from '../FanotifyEvents.js'

export interface AssignOptions {
  readonly paths: readonly string[]
  readonly recursive: boolean
  readonly waitForPath: boolean
  readonly followSymlinks: boolean
  readonly poll: 'auto' | 'off'
  readonly binding: BindingName
}

/** Why inotify gets what fanotify could not watch, or not as well. */
export interface Reason {
  /** The root or mount; empty when it is so everywhere. */
  readonly path: string
  readonly reason: string
}

/** Which source gets which paths. */
export interface Assignment {
  readonly fanotify: readonly string[]
  readonly inotify: readonly string[]
  /** Of what inotify gets. */
  readonly reasons: readonly Reason[]
}

/** A mount below a root of fanotify that inotify watches. */
export interface NestedMount {
  /** Raw and real, as the kernel tells it. */
  readonly mountPoint: string
  /** Its path as it is reached from the root. */
  readonly path: string
  readonly root: string
  /** Its path relative to the root. */
  readonly relative: string
  readonly reason: string
}

/** Decides by what is mounted now. Throws FSFLOW_PATH_NOT_FOUND and FSFLOW_PERMISSION. */
export function assignRoots(options: AssignOptions, request: SourceRequest): Assignment {
  const { paths, recursive, waitForPath } = options
  const roots = resolveRoots(paths, recursive, waitForPath)
  const nowhere = whyNowhere(options, request)
  if (nowhere !== undefined) {
    return { fanotify: [], inotify: roots.flatMap(pathsOf), reasons: [{ path: '', reason: nowhere }] }
  }
  const mounts = readMounts()
  const fanotify: string[] = []
  const inotify: string[] = []
  const reasons: Reason[] = []
  for (const root of roots) {
    const there = nearestExisting(root.directory)
    const mount = mountOf(realPath(rawFromText(there)), mounts)
    const reason = whyNot(rawFromText(there), mount, options, request)
    const list = reason === undefined ? fanotify : inotify
    list.push(...pathsOf(root))
    if (reason !== undefined) reasons.push({ path: root.directory, reason })
  }
  return { fanotify, inotify, reasons }
}

/** The mounts below roots that fanotify watches, as they are now, which inotify has to watch. */
export function nestedMounts(
  paths: readonly string[],
  options: AssignOptions,
  request: SourceRequest,
): NestedMount[] {
  if (!options.recursive || paths.length === 0) return []
  const mounts = readMounts()
  const nested: NestedMount[] = []
  for (const { directory, only } of resolveRoots(paths, true, true)) {
    if (only !== undefined) continue
    const real = realPath(rawFromText(directory))
    for (const mount of mountsBelow(real, mounts)) {
      const { mountPoint, type } = mount
      const isCovered = nested.some((other) => mountPoint.startsWith(`${other.mountPoint}/`))
      const { view, polled } = inotifyView(type)
      // What the kernel makes itself is seen by neither.
      if (isCovered || (view === 'partial' && !polled)) continue
      const relative = textFromRaw(mountPoint.slice(real === '/' ? 1 : real.length + 1))
      if (isPruned(relative, request)) continue
      const reason = whyNot(mountPoint, mount, options, request)
      if (reason === undefined) continue
      nested.push({ mountPoint, path: join(directory, relative), root: directory, relative, reason })
    }
  }
  return nested
}

function whyNowhere({ followSymlinks, binding }: AssignOptions, request: SourceRequest): string | undefined {
  if (followSymlinks) return 'only the inotify source follows links'
  if (binding === 'node-inotify') return 'the binding is node-inotify'
  return fanotifyProblem(fanotifyMask(request.eventTypes))
}

function whyNot(
  path: string,
  mount: Mount | undefined,
  { poll }: AssignOptions,
  request: SourceRequest,
): string | undefined {
  const type = mount?.type ?? 'this filesystem'
  const { polled, blind } = inotifyView(type)
  if (polled && poll === 'auto') {
    return `no source sees ${blind}, so that ${type} is compared with the disk too, as inotify does`
  }
  return filesystemProblem(path, type, fanotifyMask(request.eventTypes))
}

function pathsOf({ directory, only }: ResolvedRoot): string[] {
  return only === undefined ? [directory] : [...only].map((name) => join(directory, name))
}

function isPruned(relative: string, { prune }: SourceRequest): boolean {
  const names = relative.split('/')
  return names.some((name, index) => {
    const path = names.slice(0, index + 1).join('/')
    return prune.some((pruner) => pruner(path, name))
  })
}
