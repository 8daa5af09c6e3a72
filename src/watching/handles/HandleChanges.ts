import { FAN } from '../../linux/fanotify/fanotifyMasks.js'
import type { HandleDisk } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleRecord } from '../../linux/fanotify/HandleRecord.js'
import { IN } from '../../linux/inotifyMasks.js'
import { detached } from '../../linux/rawPath.js'
import type { EarlierEntry } from './Arrival.js'
import { Doubts } from './Doubts.js'
import type { ChangesHost, HandleFindings } from './HandleFindings.js'
import type { ForgottenName } from './HandleQueue.js'
import type { HandleNode } from './HandleNode.js'
import type { HandleRoots } from './HandleRoots.js'
import type { HandleTable } from './HandleTable.js'
import { HeldEnds } from './HeldEnds.js'
import type { HandleTeller, Telling } from './HandleTeller.js'
import type { Suspects } from './Suspects.js'
import { Unlinked } from './Unlinked.js'

/** Applies records to the table, and tells them. */
export class HandleChanges {
  readonly #table: HandleTable
  readonly #teller: HandleTeller
  readonly #roots: HandleRoots
  readonly #suspects: Suspects
  readonly #disk: HandleDisk
  readonly #host: ChangesHost
  readonly #findings: HandleFindings
  readonly #unlinked = new Unlinked()
  /** The ends that are told later. */
  readonly held: HeldEnds
  readonly doubts = new Doubts()
  /** The second half of an exchange, until it is applied. */
  #partner: HandleRecord | undefined
  /** Renames that may have replaced a directory of which nothing is known. */
  readonly #replacing = new Set<HandleRecord>()
  #passed = 0

  constructor(
    table: HandleTable,
    teller: HandleTeller,
    roots: HandleRoots,
    suspects: Suspects,
    disk: HandleDisk,
    host: ChangesHost,
    findings: HandleFindings,
  ) {
    this.#table = table
    this.#teller = teller
    this.#roots = roots
    this.#suspects = suspects
    this.#disk = disk
    this.#host = host
    this.#findings = findings
    this.held = new HeldEnds(table, teller, suspects, {
      posted: () => host.posted(),
      correctPlace: (moved, node, name) => this.#correctPlace(moved, node, name),
    })
  }

  /** Directories of which a rename may not have been told, and that have to be looked up now. */
  takeDoubtful(isAtRest: boolean): string[] {
    // Of one whose end is held back it is known where it will be last.
    return this.doubts
      .take(isAtRest)
      .filter((key) => this.#table.get(key)?.state === 'placed' && !this.held.has(key))
  }

  /** One of these renames has replaced a directory of which nothing is known. */
  mayReplace(renames: readonly HandleRecord[]): void {
    for (const record of renames) this.#replacing.add(record)
  }

  fencePassed(fence: number): void {
    this.#passed = fence
    this.held.fencePassed(fence)
  }

  /** False when what a rename replaces has to be listed first: it is told as deleted, as exchanges are told. */
  prepare(record: HandleRecord, partner: HandleRecord | undefined): boolean {
    if (partner === undefined || (partner.mask & FAN.ONDIR) === 0) return true
    const node = this.#table.ensure(partner.target)
    const above = this.#table.ensure(record.directory)
    if (node.state !== 'placed') this.#table.place(node, above, record.name)
    if (this.#table.view(node) === undefined) return true
    this.#host.enter([node], ([arrival]) => {
      for (const entry of [...arrival!.entries()].reverse()) {
        this.#teller.tellFound(FAN.DELETE, entry.node, entry.name, entry.isDirectory)
      }
    })
    return false
  }

  /** It is not known whether a record told of a name before it was listed, or after that. */
  doubt({ directory, name, target }: ForgottenName, entry: EarlierEntry | undefined): void {
    // The rename tells that made it so.
    if (entry?.isUncertain === true) return
    if (entry === undefined) this.#unlinked.add({ directory, name, target })
    this.#suspects.suspect(this.#table.ensure(directory), detached(name), entry)
  }

  /** `partner` is the other half of an exchange. */
  apply(record: HandleRecord, partner: HandleRecord | undefined): void {
    this.#apply(record, partner)
    this.doubts.applied(record)
  }

  #apply(record: HandleRecord, partner: HandleRecord | undefined): void {
    const { mask, directory, name } = record
    const isRename = (mask & FAN.RENAME) !== 0
    // Of directories that are marked one by one, only that side of a rename is reported that is marked.
    if (isRename && directory === '') {
      if (record.oldDirectory !== '') this.#moveOut(record)
      else if ((mask & FAN.ONDIR) !== 0) this.#findMoved(record)
      return
    }
    // A change of the number of links, when a name comes or goes: that is told by the name.
    if (directory === '') return
    const node = this.#table.ensure(directory)
    if (this.#table.view(node) === undefined && !isRename) this.#host.marking.unseen(node)
    if (isRename && record.oldDirectory === '') this.#moveIn(record, node)
    else if (isRename) this.#rename(record, node, partner)
    else if (name === '.') this.#touchSelf(record, node)
    else if ((mask & (FAN.CREATE | FAN.DELETE)) !== 0) this.#comeOrGo(record, node)
    else if (!this.#unlinked.has(record)) this.#teller.tellRecord(record, node, name, 0, false)
  }

  #touchSelf(record: HandleRecord, node: HandleNode): void {
    if (node.root !== undefined) this.#teller.tellRecord(record, node, '', 0, false)
    else if (node.parent !== undefined && node.state === 'placed') {
      this.#teller.tellRecord(record, node.parent, node.name, 0, false)
    }
  }

  #comeOrGo(record: HandleRecord, node: HandleNode): void {
    const { mask, name, target } = record
    const isDirectory = (mask & FAN.ONDIR) !== 0
    const comes = (mask & FAN.CREATE) !== 0
    const goes = (mask & FAN.DELETE) !== 0
    if (isDirectory) {
      this.#comeOrGoDirectory(record, node)
      return
    }
    this.held.flushName(record)
    if (comes && this.#roots.lost > 0) this.#roots.fileArrived(node, name)
    let stays = comes
    if (comes && goes) {
      // While the file exists, it may have got the name anew, and the order is not known.
      if (this.#disk.isAlive(target)) {
        stays = this.#disk.lookUp(node.key, name)?.key === target
        if (this.#teller.sees(node, name)) this.#suspect(node, name, stays ? record : undefined)
      } else stays = false
    }
    if (!stays) this.#unlinked.add(record)
    else this.#unlinked.delete(record)
    this.#suspects.note(node, name, stays ? { key: target, isDirectory } : undefined)
    this.#teller.tellRecord(record, node, name, 0, comes && goes && stays)
  }

  #comeOrGoDirectory(record: HandleRecord, node: HandleNode): void {
    const { mask, name, target } = record
    const comes = (mask & FAN.CREATE) !== 0
    const goes = (mask & FAN.DELETE) !== 0
    const child = this.#table.ensure(target)
    // What was in it comes first.
    if (!comes) this.held.flushBelow(child)
    else this.held.flushName(record)
    if (comes || child.state !== 'placed') this.#table.place(child, node, name)
    this.#suspects.note(node, name, goes ? undefined : { key: target, isDirectory: true })
    if (goes && !comes) {
      for (const root of this.#roots.within(child)) this.#roots.lose(root, IN.DELETE_SELF, telling(record, 0))
    }
    this.#teller.tellRecord(record, node, name, comes ? FAN.DELETE : 0, false)
    if (goes) {
      if (comes) this.held.hold(record, node)
      this.#table.bury(child, this.#host.posted() + 1)
      return
    }
    const entered = this.#roots.lost > 0 ? this.#roots.arrived(child, name, true) : []
    // A root may have been found already.
    const isUnmarked = !this.#host.marking.covers(child) && this.#table.view(child) !== undefined
    this.#findings.enter(isUnmarked ? [...entered, child] : entered)
  }

  #rename(record: HandleRecord, node: HandleNode, partner: HandleRecord | undefined): void {
    const { mask, name, target, oldName } = record
    this.held.flushName(record)
    const isDirectory = (mask & FAN.ONDIR) !== 0
    const oldNode = this.#table.ensure(record.oldDirectory)
    const isSecond = this.#partner === record
    this.#partner = partner
    const told = telling(record, this.#teller.nextCookie())
    const moved = isDirectory ? this.#table.ensure(target) : undefined
    if (moved !== undefined && !isSecond) this.#correctPlace(moved, oldNode, oldName)
    // The name stands for what the first half has brought there.
    if (!isSecond) this.#teller.tell(IN.MOVED_FROM, oldNode, oldName, isDirectory, told)
    if (moved !== undefined) {
      for (const root of this.#roots.within(moved)) this.#roots.lose(root, IN.MOVE_SELF, told)
    }
    const wasSeen = moved !== undefined && !isSecond && this.#findings.isTold(moved)
    // What was there may have been told, with what was in it.
    if (this.#replacing.delete(record)) this.#teller.tellFound(FAN.DELETE, node, name, true)
    if (partner === undefined) this.#displace(node, name, moved, told)
    if (moved !== undefined) this.#moveDirectory(moved, node, name)
    this.#unlinked.delete(record)
    if (!isDirectory && this.#roots.lost > 0) this.#roots.fileArrived(node, name)
    this.#teller.tell(IN.MOVED_TO, node, name, isDirectory, told)
    if (this.#teller.sees(oldNode, oldName) && !isSecond) this.#suspect(oldNode, oldName, undefined)
    if (this.#teller.sees(node, name)) this.#suspect(node, name, record)
    if (moved === undefined) return
    for (const renamed of [moved, oldNode, node]) this.#host.recheck(renamed)
    const isSeen = this.#table.view(moved) !== undefined
    if (wasSeen && !isSeen) this.#host.marking.leave(moved)
    const entered = this.#roots.lost > 0 ? this.#roots.arrived(moved, name, false) : []
    this.#findings.enter(wasSeen || !isSeen ? entered : [...entered, moved])
  }

  /** A directory was renamed, and both sides have been listed since: it may have come where it was not told to be yet. */
  #findMoved(record: HandleRecord): void {
    const moved = this.#table.ensure(record.target)
    this.#host.recheck(moved)
    if (this.#findings.isTold(moved)) return
    const told = telling(record, this.#teller.nextCookie())
    this.#host.seek([moved.key], () => this.#movedOut(moved, told, false))
  }

  /** A rename to a directory that is not marked. */
  #moveOut(record: HandleRecord): void {
    const { mask, target, oldName } = record
    const isDirectory = (mask & FAN.ONDIR) !== 0
    const oldNode = this.#table.ensure(record.oldDirectory)
    const told = telling(record, this.#teller.nextCookie())
    const moved = isDirectory ? this.#table.ensure(target) : undefined
    if (moved !== undefined) {
      this.#correctPlace(moved, oldNode, oldName)
      this.held.flushBelow(moved)
    }
    this.#teller.tell(IN.MOVED_FROM, oldNode, oldName, isDirectory, told)
    if (this.#teller.sees(oldNode, oldName)) this.#suspect(oldNode, oldName, undefined)
    if (moved === undefined) return
    for (const root of this.#roots.within(moved)) this.#roots.lose(root, IN.MOVE_SELF, told)
    const wasSeen = this.#findings.isTold(moved)
    this.#table.displace(moved, this.#host.posted() + 1)
    moved.renamedAt = this.#host.posted()
    // It may have come into a directory that was not marked yet: no record tells that.
    this.#host.recheck(moved)
    this.#host.recheck(oldNode)
    this.#host.seek([moved.key], () => this.#movedOut(moved, told, wasSeen))
  }

  #movedOut(moved: HandleNode, { cookie }: Telling, wasSeen: boolean): void {
    // Where its new directory is not told yet, it will be told with that.
    if (
      moved.parent === undefined ||
      !this.#findings.isTold(moved.parent) ||
      this.#table.view(moved) === undefined
    ) {
      this.#host.marking.leave(moved)
      return
    }
    // Where another has the name before, it came after that: it is found when all is applied.
    const next = this.#host.nextOf(moved.parent.key, moved.name)
    if (next !== undefined && next.target !== moved.key) {
      this.#host.marking.leave(moved)
      this.#table.displace(moved, this.#host.posted() + 1)
      return
    }
    this.#teller.tellFound(IN.MOVED_TO, moved.parent, moved.name, true, cookie)
    this.#suspects.suspect(moved.parent, moved.name, { key: moved.key, isDirectory: true })
    if (!wasSeen) this.#findings.enter([moved])
  }

  /** A rename from a directory that is not marked. */
  #moveIn(record: HandleRecord, node: HandleNode): void {
    const { mask, name, target } = record
    this.held.flushName(record)
    const isDirectory = (mask & FAN.ONDIR) !== 0
    const told = telling(record, this.#teller.nextCookie())
    const moved = isDirectory ? this.#table.ensure(target) : undefined
    const wasSeen = moved !== undefined && this.#findings.isTold(moved)
    if (wasSeen) this.#missedLeaving(moved, told)
    this.#displace(node, name, moved, told)
    if (moved !== undefined) this.#moveDirectory(moved, node, name)
    this.#unlinked.delete(record)
    if (!isDirectory && this.#roots.lost > 0) this.#roots.fileArrived(node, name)
    this.#teller.tell(IN.MOVED_TO, node, name, isDirectory, told)
    if (this.#teller.sees(node, name)) this.#suspect(node, name, record)
    if (moved === undefined) return
    this.#host.recheck(moved)
    this.#host.recheck(node)
    const entered = this.#roots.lost > 0 ? this.#roots.arrived(moved, name, false) : []
    const isSeen = this.#table.view(moved) !== undefined
    if (wasSeen && !isSeen) this.#host.marking.leave(moved)
    this.#findings.enter(wasSeen || !isSeen ? entered : [...entered, moved])
  }

  /** A directory that comes from nobody knows where was seen until now: that it left was merged with an earlier time. */
  #missedLeaving(moved: HandleNode, told: Telling): void {
    for (const root of this.#roots.within(moved)) this.#roots.lose(root, IN.MOVE_SELF, told)
    const { parent, name } = moved
    if (parent === undefined) return
    this.#teller.tellFound(IN.MOVED_FROM, parent, name, true, told.cookie)
    this.#suspects.suspect(parent, name, undefined)
  }

  /** A record says where a directory was: if it was believed to be elsewhere, that is told first. */
  #correctPlace(moved: HandleNode, node: HandleNode, name: string): void {
    if (moved.state !== 'placed') this.#table.place(moved, node, name)
    const { parent, name: before } = moved
    if (parent === undefined || (parent === node && before === name)) return
    if (this.#findings.isTold(moved)) {
      this.#teller.tellMove(parent, before, node, name, true)
      this.#suspects.suspect(parent, before, undefined)
    }
    this.#table.place(moved, node, name)
  }

  /** Something moves onto the name of a directory, which is gone by that. */
  #displace(node: HandleNode, name: string, moved: HandleNode | undefined, told: Telling): void {
    const displaced = node.children?.get(name)
    if (displaced === undefined || displaced === moved) return
    // It was empty by then.
    this.held.flushBelow(displaced)
    for (const root of this.#roots.within(displaced)) this.#roots.lose(root, IN.DELETE_SELF, told)
    this.#table.displace(displaced, this.#host.posted() + 1)
  }

  #moveDirectory(moved: HandleNode, node: HandleNode, name: string): void {
    this.#table.place(moved, node, name)
    if (moved.renamedAt >= 0 && this.#passed <= moved.renamedAt) this.doubts.add(moved.key)
    moved.renamedAt = this.#host.posted()
  }

  #suspect(node: HandleNode, name: string, record: HandleRecord | undefined): void {
    const kept = detached(name)
    if (record === undefined) this.#suspects.suspect(node, kept, undefined)
    else {
      const isDirectory = (record.mask & FAN.ONDIR) !== 0
      this.#suspects.suspect(node, kept, { key: detached(record.target), isDirectory })
    }
  }
}

function telling({ target, pid, process }: HandleRecord, cookie: number): Telling {
  return { target, pid, process, cookie, merged: false }
}
