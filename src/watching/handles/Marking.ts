import type { DirectoryMarks } from '../../linux/fanotify/HandleDiskPort.js'
import type { HandleNode } from './HandleNode.js'

/** Keeps the kernel's marks in step with what the stream sees. */
export class Marking {
  readonly #marks: DirectoryMarks
  readonly #noisy: number

  /** After `noisy` records for nothing a directory is silenced. */
  constructor(marks: DirectoryMarks, noisy: number) {
    this.#marks = marks
    this.#noisy = noisy
  }

  /** True when nothing is reported of a directory until it is marked itself. */
  isByDirectory(key: string): boolean {
    return this.#marks.isByDirectory(key)
  }

  /** True when what happens in a directory is reported. */
  covers(node: HandleNode): boolean {
    return node.isMarked || !this.isByDirectory(node.key)
  }

  /** What is in a directory is seen from now on: it is about to be listed. True when it is reported from now on only. */
  enter(node: HandleNode): boolean {
    if (node.isSilenced) {
      this.#marks.unsilence(node.key)
      node.isSilenced = false
      node.noise = 0
    }
    if (node.isMarked || !this.isByDirectory(node.key)) return false
    this.#marks.add(node.key)
    node.isMarked = true
    return true
  }

  /** What is in a directory, with all below, is not seen any more. */
  leave(top: HandleNode): void {
    const pending = [top]
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (node.isMarked) this.#marks.remove(node.key)
      node.isMarked = false
      if (node.children !== undefined) for (const child of node.children.values()) pending.push(child)
    }
  }

  /** A record of a directory that is not seen was read for nothing. */
  unseen(node: HandleNode): void {
    if (node.noise >= this.#noisy || this.isByDirectory(node.key)) return
    node.noise++
    if (node.noise === this.#noisy) node.isSilenced = this.#marks.silence(node.key)
  }
}
