/** Writes to stdout and waits until it is out; a reader that has gone away is no error. */
export function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error?: NodeJS.ErrnoException | null) => {
      if (error === undefined || error === null || error.code === 'EPIPE') resolve()
      else reject(error)
    })
  })
}

/** Writes a line, or several, as `write` does. */
export function print(text: string): Promise<void> {
  return write(`${text}\n`)
}
