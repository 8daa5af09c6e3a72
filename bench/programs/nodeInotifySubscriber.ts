// What a careful user of node-inotify writes by hand: a watch for each directory, also for those that come later, and
// paths. It is told nothing of what is in a new directory before its watch is there, nor of renamed directories.
import { readdirSync } from 'node:fs'
import { peerPackage } from './peerPackage.js'
import { Tally } from './Tally.js'

interface Inotify {
  addWatch(watch: { path: string; watch_for: number; callback: (event: NodeInotifyEvent) => void }): number
  close(): boolean
  [wd: string]: unknown
}

interface NodeInotifyEvent {
  readonly watch: number
  readonly mask: number
  readonly name?: string
}

const { Inotify } = peerPackage('node-inotify') as { Inotify: new () => Inotify }
const IN_ALL_EVENTS = 0xfff
const IN_CREATE = 0x100
const IN_ISDIR = 0x40000000

const inotify = new Inotify()
const tally = new Tally(() => void inotify.close())
const paths = new Map<number, string>()

function callback(event: NodeInotifyEvent): void {
  const directory = paths.get(event.watch) ?? ''
  const path = event.name === undefined ? directory : `${directory}/${event.name}`
  if ((event.mask & IN_ALL_EVENTS) === 0) return
  if ((event.mask & IN_CREATE) !== 0 && (event.mask & IN_ISDIR) !== 0) follow(path)
  tally.saw(path)
}

function follow(path: string): void {
  const wd = inotify.addWatch({ path, watch_for: IN_ALL_EVENTS, callback })
  if (wd < 0) return
  paths.set(wd, path)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) follow(`${path}/${entry.name}`)
  }
}

// The record of an overflow has the descriptor -1; without a handler for it the process dies.
inotify['-1'] = () => tally.overflows++
follow(tally.directory)
tally.ready()
