import type { ContentPreview } from '../../events/index.js'
import { LinkedQueue, type Link } from '../support/LinkedQueue.js'

type Preview = { -readonly [Field in keyof ContentPreview]: ContentPreview[Field] }

interface Kept {
  // What nobody waits for any more is not to be kept here.
  readonly preview: WeakRef<Preview>
  readonly weight: number
  link: Link<Kept> | undefined
}

// What a preview takes beside its texts.
const ENTRY_BYTES = 600
const BYTES_PER_CHARACTER = 2
const noRoom = 'there was no room for it in memory'

/**
 * Holds the texts of previews to a bound, however long their events wait for debouncers and sinks: when there is no
 * room for those of another one, they are taken from the previews that were made first, which then say so.
 */
export class PreviewMemory {
  readonly #limit: number
  readonly #kept = new LinkedQueue<Kept>()
  #weight = 0

  /** `limit` is in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes of memory that the texts take which were not taken away. */
  get heldBytes(): number {
    return this.#weight
  }

  /** Counts the preview, which changes when its texts are taken from it. */
  add(preview: Preview): void {
    const texts = [preview.before, preview.after, preview.diff]
    const characters = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0)
    if (characters === 0) return
    const weight = ENTRY_BYTES + characters * BYTES_PER_CHARACTER
    const kept: Kept = { preview: new WeakRef(preview), weight, link: undefined }
    kept.link = this.#kept.push(kept)
    this.#weight += weight
    while (this.#weight > this.#limit) this.#takeFrom(this.#kept.first!)
  }

  #takeFrom({ preview, weight, link }: Kept): void {
    this.#kept.remove(link!)
    this.#weight -= weight
    const held = preview.deref()
    if (held !== undefined && !Object.isFrozen(held)) takeTexts(held)
  }
}

function takeTexts(preview: Preview): void {
  if (preview.before !== null) preview.beforeMissing = noRoom
  if (preview.after !== null) preview.afterMissing = noRoom
  preview.before = null
  preview.after = null
  if (preview.diff !== undefined) preview.diff = null
}
