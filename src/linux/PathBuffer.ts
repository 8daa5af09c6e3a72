// The kernel takes paths of at most so many bytes.
export const PATH_MAX = 4095

/**
 * Gives raw paths to C functions, with NUL at the end, one after the other in the same bytes: who asks for the next one
 * must be done with the one before. Calls in a row for one path write it once.
 */
export class PathBuffer {
  readonly #bytes = Buffer.alloc(PATH_MAX + 1)
  #path = ''

  /** `path` is of at most `PATH_MAX` bytes. */
  of(path: string): Buffer {
    if (path !== this.#path) {
      this.#bytes[this.#bytes.write(path, 'latin1')] = 0
      this.#path = path
    }
    return this.#bytes
  }
}
