/** The same number: as a small integer where it is one, which V8 holds without a box, however it was computed. */
export function unboxed(number: number): number {
  const integer = number | 0
  return integer === number ? integer : number
}
