import { itWith, program } from './requires.js'

export const natsProgram = program('nats-server')

/** A test that needs nats-server, as Debian has it. */
export function itWithNats(name: string, run: () => Promise<void>): void {
  itWith([natsProgram], name, run)
}
