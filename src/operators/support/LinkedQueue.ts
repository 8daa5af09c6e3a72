/** The place of a value in a queue. */
export interface Link<Value> {
  readonly value: Value
  previous: Link<Value> | undefined
  next: Link<Value> | undefined
}

/**
 * A queue that values can leave from anywhere, at a constant cost.
 *
 * A Set would do, but its first value is behind all that were deleted before it.
 */
export class LinkedQueue<Value> {
  #first: Link<Value> | undefined
  #last: Link<Value> | undefined

  get first(): Value | undefined {
    return this.#first?.value
  }

  push(value: Value): Link<Value> {
    const link: Link<Value> = { value, previous: undefined, next: undefined }
    this.#append(link)
    return link
  }

  moveToEnd(link: Link<Value>): void {
    if (link === this.#last) return
    this.remove(link)
    this.#append(link)
  }

  remove(link: Link<Value>): void {
    if (link.previous === undefined) this.#first = link.next
    else link.previous.next = link.next
    if (link.next === undefined) this.#last = link.previous
    else link.next.previous = link.previous
    link.previous = undefined
    link.next = undefined
  }

  clear(): void {
    this.#first = undefined
    this.#last = undefined
  }

  #append(link: Link<Value>): void {
    link.previous = this.#last
    if (this.#last === undefined) this.#first = link
    else this.#last.next = link
    this.#last = link
  }
}
