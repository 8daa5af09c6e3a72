/** The result of a question: names, and the values of each row in their order. */
export interface Rows {
  readonly columns: readonly string[]
  readonly rows: Iterable<readonly unknown[]>
}
