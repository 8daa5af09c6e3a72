/** The bytes of a raw path for a C function: NUL at the end. */
export function cPath(raw: string): Buffer {
  return Buffer.from(raw + '\0', 'latin1')
}
