// Numbers of so many bits take no memory of their own.
const BITS = 30

/** When each file of a directory last changed, as far as was told: enough to see that it has changed since. */
export class ChangeTimes {
  readonly #marks = new Map<string, number>()

  /** `changedAt`: `st_ctime` in microseconds. */
  note(name: string, changedAt: number): void {
    this.#marks.set(name, mark(changedAt))
  }

  /** `undefined` when nothing is known of the file. */
  isNew(name: string, changedAt: number): boolean | undefined {
    const known = this.#marks.get(name)
    return known === undefined ? undefined : known !== mark(changedAt)
  }

  delete(name: string): void {
    this.#marks.delete(name)
  }

  /** Takes over what another one knows of a file. */
  copy(name: string, other: ChangeTimes | undefined): void {
    const known = other === undefined ? undefined : other.#marks.get(name)
    if (known !== undefined) this.#marks.set(name, known)
  }
}

/** Different for different times, but for one pair in a thousand million. */
function mark(changedAt: number): number {
  const seconds = Math.floor(changedAt / 2 ** BITS)
  return (Math.imul(seconds, 0x9e3779b1) ^ (changedAt - seconds * 2 ** BITS)) & (2 ** BITS - 1)
}
