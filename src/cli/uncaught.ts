import type { UncaughtOrigin } from '../pipeline/index.js'

/** Takes an exception that nobody caught. */
export type UncaughtHandler = (error: unknown, origin: UncaughtOrigin) => void

let handler: UncaughtHandler | undefined

/**
 * Hands exceptions that nobody caught to `next`, and no longer to the handler before it.
 *
 * The last one stays until the process ends: what a pipeline file has left behind may throw at any time.
 */
export function onUncaught(next: UncaughtHandler): void {
  if (handler === undefined) {
    process.on('uncaughtException', (error) => handler?.(error, 'uncaughtException'))
    // A listener of its own, for otherwise what is no Error comes wrapped into one.
    process.on('unhandledRejection', (reason) => handler?.(reason, 'unhandledRejection'))
  }
  handler = next
}
