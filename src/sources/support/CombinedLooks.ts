import type { LookCycles } from '../../contracts/index.js'

/** The cycles of several sources as those of one: a cycle has ended when one of each that began in it has. */
export class CombinedLooks {
  #begun = 0
  #ended = 0
  /** How many cycles each source had begun when the present one began. */
  #marks = new Map<unknown, number>()

  /** `cycles` by source, as they are now. */
  update(cycles: ReadonlyMap<unknown, LookCycles>): LookCycles {
    const needed = new Map([...cycles].filter(([, one]) => one.needed))
    const isOver = [...needed].every(([source, { ended }]) => {
      const mark = this.#marks.get(source)
      return mark === undefined || ended > mark
    })
    if (isOver) {
      this.#ended = this.#begun
      this.#begun++
      this.#marks = new Map([...needed].map(([source, { begun }]) => [source, begun]))
    }
    return { needed: needed.size > 0, begun: this.#begun, ended: this.#ended }
  }
}
