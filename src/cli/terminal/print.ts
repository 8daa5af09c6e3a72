/** Writes to stdout and waits until it is out; a reader that has gone away is no error. */
export function print(text: string): Promise<void> {
  return printBytes(Buffer.from(`${text}\n`))
}

/** The same for bytes, as they are. */
export function printBytes(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error?: NodeJS.ErrnoException | null) => {
      if (error === undefined || error === null || error.code === 'EPIPE') resolve()
      else reject(error)
    })
  })
}
