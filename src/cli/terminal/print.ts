/** Writes to stdout and waits until it is out; a reader that has gone away is no error. */
export function print(text: string): Promise<void> {
  return write(`${text}\n`)
}

/** The same for text or bytes, as they are. */
export function write(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error?: NodeJS.ErrnoException | null) => {
      if (error === undefined || error === null || error.code === 'EPIPE') resolve()
      else reject(error)
    })
  })
}
