import { natsProgram } from './natsProgram.js'
import { itWith } from './requires.js'

/** A test that needs nats-server, as Debian has it. */
export function itWithNats(name: string, run: () => Promise<void>): void {
  itWith([natsProgram], name, run)
}
