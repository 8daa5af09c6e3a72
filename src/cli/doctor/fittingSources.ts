import type { MountState } from './examinePath.js'

/** What serves to watch a mount: `polling` is what the inotify source does beside, or instead. */
export type FittingSource = 'inotify' | 'polling' | 'fanotify'

export const UNSEEN_FILE = 'changes of a single file that is mounted over a name'

/** What fits: fanotify where it sees all that inotify sees. */
export function fittingSources({ view, isFile, fanotify }: MountState): FittingSource[] {
  if (isFile) return view.polled ? ['polling'] : []
  if (view.view === 'partial') return view.polled ? ['inotify', 'polling'] : ['inotify']
  return fanotify !== undefined && fanotify.problem === undefined ? ['inotify', 'fanotify'] : ['inotify']
}

/** The same with the reasons, for people. */
export function fittingText(state: MountState): string {
  const { view, isFile, fanotify } = state
  const fits = fittingSources(state)
  if (isFile) {
    const reason = `neither inotify nor fanotify sees ${UNSEEN_FILE}`
    return fits.length === 0 ? `none: ${reason}` : `inotify with polling: ${reason}`
  }
  if (view.view === 'partial') {
    if (!fits.includes('polling')) return `inotify, which does not see ${view.blind}`
    const works = fanotify !== undefined && fanotify.problem === undefined
    return `inotify with polling: ${works ? 'neither inotify nor fanotify sees' : 'inotify does not see'} ${view.blind}`
  }
  const inotify =
    view.view === 'full'
      ? 'inotify, which sees all changes'
      : 'inotify; it is not known whether that sees all changes'
  if (fits.includes('fanotify')) return `${inotify}; fanotify, which also tells the process`
  return fanotify === undefined ? inotify : `${inotify}; not fanotify: ${fanotify.problem}`
}
