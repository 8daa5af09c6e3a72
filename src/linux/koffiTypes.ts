/** The part of koffi that is used here; its own types need a DOM-like `any` everywhere. */
export interface Koffi {
  load(path: string | null): { func(definition: string): (...args: never[]) => unknown }
  errno(): number
}
