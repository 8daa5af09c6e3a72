/** True when `duration` has passed since then. A wall clock that was set back must not make anyone wait longer. */
export function isOver(since: number, duration: number, now: number): boolean {
  return now - since >= duration || now < since
}
